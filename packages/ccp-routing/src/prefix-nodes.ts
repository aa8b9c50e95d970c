/** No node. */
export const NONE = -1;
/** The node of the empty prefix, which always exists. */
export const ROOT = 0;

const PERIOD = 46;
/** What a node's record has at which place, and how long it is. */
const HASH = 0;
const PARENT = 1;
const FIRST_CHILD = 2;
const NEXT_SIBLING = 3;
const PREVIOUS_SIBLING = 4;
const SIZE = 5;
/** What a slot says where it was never used, and where its node is gone; otherwise see {@link slotValue}. */
const FREE = 0;
const GONE = 1;

/**
 * The shape of a trie by segments: one node for every prefix in it and for every shorter one. A node is found by the
 * hash of its whole prefix, taken on character by character, so that a look-up makes no string and reads no more of
 * the address than the trie has; that the prefix is the one meant is checked once, at the end.
 *
 * Nodes are numbers; what is known of them lies in arrays by that number. A million nodes take some 50 MB with their
 * prefixes.
 */
export class PrefixNodes {
  /** The prefix of each node; undefined for a number that is free. */
  readonly prefixes: (string | undefined)[] = [''];
  /** Of each node what the names of the offsets below say, side by side: one look-up, one line of the cache. */
  #records: Int32Array = new Int32Array(16 * SIZE);
  /** Numbers to use again, linked as siblings. */
  #firstFree = NONE;
  /** Pairs: the hash of a node, and {@link slotValue}. A step of a look-up reads nothing else. */
  #slots: Int32Array = new Int32Array(64);
  /** How many slots are not free. */
  #filled = 0;
  #count = 1;
  readonly #seed: number;

  /** @param seed where hashes start, any integer: unknown to whoever chooses prefixes. */
  constructor(seed: number) {
    this.#seed = seed | 0;
    this.#records.set([this.#seed, NONE, NONE, NONE, NONE], ROOT);
  }

  /** How many nodes there are, shorter prefixes included. */
  get count(): number {
    return this.#count;
  }

  /** The node one segment above. */
  parentOf(node: number): number {
    return this.#records[node * SIZE + PARENT] as number;
  }

  firstChildOf(node: number): number {
    return this.#records[node * SIZE + FIRST_CHILD] as number;
  }

  nextSiblingOf(node: number): number {
    return this.#records[node * SIZE + NEXT_SIBLING] as number;
  }

  /** The deepest node whose prefix the address lies under; the root if no other. */
  deepest(address: string): number {
    let node = ROOT;
    let hash = this.#seed;
    let start = 0;
    let hasChildren = this.firstChildOf(ROOT) !== NONE;
    while (hasChildren && start <= address.length) {
      let i = start;
      for (; i < address.length; i++) {
        const code = address.charCodeAt(i);
        if (code === PERIOD) break;
        hash = mix(hash, code);
      }
      hash = close(hash);
      const value = this.#findByHash(hash);
      if (value === FREE) break;
      node = nodeOf(value);
      hasChildren = (value & 1) === 1;
      start = i + 1;
    }
    const prefix = this.prefixes[node] as string;
    // Two prefixes of one hash are as good as never seen; then the way is gone again with every step checked.
    return prefix.length <= address.length && isUnder(address, prefix)
      ? node
      : this.#deepestChecked(address);
  }

  /** The node of exactly this prefix. */
  find(prefix: string): number {
    const node = this.deepest(prefix);
    return (this.prefixes[node] as string).length === prefix.length ? node : NONE;
  }

  /** The node of this prefix; makes it, and those of shorter ones, where they are missing. */
  add(prefix: string): number {
    let node = this.deepest(prefix);
    let depth = (this.prefixes[node] as string).length;
    while (depth < prefix.length) {
      const end = prefix.indexOf('.', depth + 1);
      const next = end < 0 ? prefix.length : end;
      node = this.#addChild(node, next === prefix.length ? prefix : prefix.slice(0, next));
      depth = next;
    }
    return node;
  }

  /** Takes out a node without children, and returns the one above. */
  remove(node: number): number {
    const parent = this.parentOf(node);
    const records = this.#records;
    const previous = records[node * SIZE + PREVIOUS_SIBLING] as number;
    const next = this.nextSiblingOf(node);
    if (previous === NONE) records[parent * SIZE + FIRST_CHILD] = next;
    else records[previous * SIZE + NEXT_SIBLING] = next;
    if (next !== NONE) records[next * SIZE + PREVIOUS_SIBLING] = previous;
    this.#slots[this.#slotOf(node) + 1] = GONE;
    if (previous === NONE && next === NONE) this.#markParent(parent, false);
    this.prefixes[node] = undefined;
    records[node * SIZE + NEXT_SIBLING] = this.#firstFree;
    this.#firstFree = node;
    this.#count -= 1;
    return parent;
  }

  /** The same with every step checked by its letters. */
  #deepestChecked(address: string): number {
    let node = ROOT;
    let hash = this.#seed;
    for (let start = 0; start <= address.length;) {
      const period = address.indexOf('.', start);
      const end = period < 0 ? address.length : period;
      for (let i = start; i < end; i++) hash = mix(hash, address.charCodeAt(i));
      hash = close(hash);
      const child = this.#findChecked(hash, address, end);
      if (child === NONE) break;
      node = child;
      start = end + 1;
    }
    return node;
  }

  #addChild(parent: number, prefix: string): number {
    if ((this.#filled + 1) * 3 > this.#slots.length) this.#rehash();
    const node = this.#takeNumber();
    const above = this.prefixes[parent] as string;
    const records = this.#records;
    let hash = records[parent * SIZE + HASH] as number;
    for (let i = above === '' ? 0 : above.length + 1; i < prefix.length; i++) {
      hash = mix(hash, prefix.charCodeAt(i));
    }
    const first = records[parent * SIZE + FIRST_CHILD] as number;
    if (first !== NONE) records[first * SIZE + PREVIOUS_SIBLING] = node;
    else this.#markParent(parent, true);
    records[parent * SIZE + FIRST_CHILD] = node;
    records.set([close(hash), parent, NONE, first, NONE], node * SIZE);
    this.prefixes[node] = prefix;
    this.#occupy(node);
    this.#count += 1;
    return node;
  }

  #takeNumber(): number {
    const free = this.#firstFree;
    if (free !== NONE) {
      this.#firstFree = this.nextSiblingOf(free);
      return free;
    }
    const node = this.prefixes.length;
    if (node * SIZE === this.#records.length) {
      const grown = new Int32Array(this.#records.length + (this.#records.length >> 4) * SIZE);
      grown.set(this.#records);
      this.#records = grown;
    }
    return node;
  }

  /** The slot of the node with this hash, as {@link slotValue}; FREE for none. */
  #findByHash(hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 2;
    for (let at = spread(hash) & mask; ; at = (at + 2) & mask) {
      const value = slots[at + 1] as number;
      if (value === FREE || (value !== GONE && slots[at] === hash)) return value;
    }
  }

  /** The node with this hash whose prefix is the first `end` characters of the address. */
  #findChecked(hash: number, address: string, end: number): number {
    const slots = this.#slots;
    const mask = slots.length - 2;
    for (let at = spread(hash) & mask; ; at = (at + 2) & mask) {
      const value = slots[at + 1] as number;
      if (value === FREE) return NONE;
      if (value === GONE || slots[at] !== hash) continue;
      const prefix = this.prefixes[nodeOf(value)] as string;
      if (prefix.length === end && address.startsWith(prefix)) return nodeOf(value);
    }
  }

  #slotOf(node: number): number {
    const slots = this.#slots;
    const mask = slots.length - 2;
    let at = spread(this.#records[node * SIZE + HASH] as number) & mask;
    while (nodeOf(slots[at + 1] as number) !== node) at = (at + 2) & mask;
    return at;
  }

  #occupy(node: number): void {
    const slots = this.#slots;
    const mask = slots.length - 2;
    const hash = this.#records[node * SIZE + HASH] as number;
    let at = spread(hash) & mask;
    while ((slots[at + 1] as number) > GONE) at = (at + 2) & mask;
    if (slots[at + 1] === FREE) this.#filled += 1;
    slots[at] = hash;
    slots[at + 1] = slotValue(node, this.firstChildOf(node) !== NONE);
  }

  #markParent(parent: number, hasChildren: boolean): void {
    if (parent !== ROOT) this.#slots[this.#slotOf(parent) + 1] = slotValue(parent, hasChildren);
  }

  /** Lays the slots out anew: larger where the nodes need it, and without those that are gone. */
  #rehash(): void {
    let size = 64;
    while (size < (this.#count + 1) * 4) size *= 2;
    this.#slots = new Int32Array(size);
    this.#filled = 0;
    for (let node = 1; node < this.prefixes.length; node++) {
      if (this.prefixes[node] !== undefined) this.#occupy(node);
    }
  }
}

/** Whether a text is a prefix or lies under it, by whole segments. */
function isUnder(address: string, prefix: string): boolean {
  return (
    prefix === '' ||
    (address.startsWith(prefix) &&
      (address.length === prefix.length || address.charCodeAt(prefix.length) === PERIOD))
  );
}

/** Takes a hash on by one character. */
function mix(hash: number, code: number): number {
  return Math.imul(hash ^ code, 0x0100_0193);
}

/** Takes it on past the end of a segment, whose last characters have only reached its lower bits otherwise. */
function close(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15) ^ PERIOD, 0x85eb_ca6b);
  return mixed ^ (mixed >>> 13);
}

/** What a slot says of its node: its number, and whether a longer prefix lies below it. */
function slotValue(node: number, hasChildren: boolean): number {
  return (node + 1) * 2 + Number(hasChildren);
}

function nodeOf(value: number): number {
  return (value >> 1) - 1;
}

/** Where to look for a hash first. */
function spread(hash: number): number {
  return Math.imul(hash, 0x9e37_79b1) >>> 6;
}
