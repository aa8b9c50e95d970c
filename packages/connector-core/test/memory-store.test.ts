import { MemoryLedgerStore } from '../src/index.js';
import { describeLedgerStore } from './ledger-store.js';

describeLedgerStore('the memory store', () => Promise.resolve(new MemoryLedgerStore()));
