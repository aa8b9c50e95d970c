/**
 * A page that pays a payment pointer by the second, in the manner of Web Monetization (RFC 0028): the wallet, from BTP to
 * SPSP, runs in the page. This package serves it ({@link PageServer}) and is its provider ({@link Provider}).
 *
 * @packageDocumentation
 */
export { DemoProcess } from './demo-process.js';
export { PageServer, type PageServerOptions } from './page-server.js';
export { Provider, type ProviderOptions } from './provider.js';
export { parseConnectTo, type ConnectTo } from './connect-to.js';
export type { WalletTicket } from './page/ticket.js';
