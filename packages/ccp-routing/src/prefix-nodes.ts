/** No node. */
export const NONE = -1;
/** The node of the empty prefix, which always exists. */
export const ROOT = 0;

const PERIOD = 46;
/** A slot that was never used, and one whose node is gone; anything else is a node + 2. */
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
  #parents: Int32Array = new Int32Array(16);
  #firstChildren: Int32Array = new Int32Array(16);
  #nextSiblings: Int32Array = new Int32Array(16);
  #previousSiblings: Int32Array = new Int32Array(16);
  #hashes: Int32Array = new Int32Array(16);
  /** Numbers to use again, linked through `#nextSiblings`. */
  #firstFree = NONE;
  #slots: Int32Array = new Int32Array(32);
  /** How many slots are not free. */
  #filled = 0;
  #count = 1;
  readonly #seed: number;

  /** @param seed where hashes start, any integer: unknown to whoever chooses prefixes. */
  constructor(seed: number) {
    this.#seed = seed | 0;
    this.#parents[ROOT] = NONE;
    this.#firstChildren[ROOT] = NONE;
    this.#nextSiblings[ROOT] = NONE;
    this.#hashes[ROOT] = this.#seed;
  }

  /** How many nodes there are, shorter prefixes included. */
  get count(): number {
    return this.#count;
  }

  /** The node one segment above. */
  parentOf(node: number): number {
    return this.#parents[node] as number;
  }

  firstChildOf(node: number): number {
    return this.#firstChildren[node] as number;
  }

  nextSiblingOf(node: number): number {
    return this.#nextSiblings[node] as number;
  }

  /** The deepest node whose prefix the address lies under; the root if no other. */
  deepest(address: string): number {
    const firstChildren = this.#firstChildren;
    let node = ROOT;
    let hash = this.#seed;
    let start = 0;
    while (start <= address.length && firstChildren[node] !== NONE) {
      let i = start;
      for (; i < address.length; i++) {
        const code = address.charCodeAt(i);
        if (code === PERIOD) break;
        hash = mix(hash, code);
      }
      hash = mix(hash, PERIOD);
      const child = this.#findByHash(hash);
      if (child === NONE) break;
      node = child;
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
    const previous = this.#previousSiblings[node] as number;
    const next = this.nextSiblingOf(node);
    if (previous === NONE) this.#firstChildren[parent] = next;
    else this.#nextSiblings[previous] = next;
    if (next !== NONE) this.#previousSiblings[next] = previous;
    this.#slots[this.#slotOf(node)] = GONE;
    this.prefixes[node] = undefined;
    this.#nextSiblings[node] = this.#firstFree;
    this.#firstFree = node;
    this.#count -= 1;
    return parent;
  }

  #deepestChecked(address: string): number {
    let node = ROOT;
    for (;;) {
      let child = this.firstChildOf(node);
      while (child !== NONE && !isUnder(address, this.prefixes[child] as string)) {
        child = this.nextSiblingOf(child);
      }
      if (child === NONE) return node;
      node = child;
    }
  }

  #addChild(parent: number, prefix: string): number {
    if ((this.#filled + 1) * 2 > this.#slots.length) this.#rehash();
    const node = this.#takeNumber();
    const above = this.prefixes[parent] as string;
    let hash = this.#hashes[parent] as number;
    for (let i = above === '' ? 0 : above.length + 1; i < prefix.length; i++) {
      hash = mix(hash, prefix.charCodeAt(i));
    }
    const first = this.firstChildOf(parent);
    if (first !== NONE) this.#previousSiblings[first] = node;
    this.prefixes[node] = prefix;
    this.#hashes[node] = mix(hash, PERIOD);
    this.#parents[node] = parent;
    this.#firstChildren[node] = NONE;
    this.#nextSiblings[node] = first;
    this.#previousSiblings[node] = NONE;
    this.#firstChildren[parent] = node;
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
    if (node === this.#parents.length) this.#grow();
    return node;
  }

  #grow(): void {
    const larger = (array: Int32Array): Int32Array => {
      const grown = new Int32Array(array.length + (array.length >> 1));
      grown.set(array);
      return grown;
    };
    this.#parents = larger(this.#parents);
    this.#firstChildren = larger(this.#firstChildren);
    this.#nextSiblings = larger(this.#nextSiblings);
    this.#previousSiblings = larger(this.#previousSiblings);
    this.#hashes = larger(this.#hashes);
  }

  #findByHash(hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let at = spread(hash) & mask; ; at = (at + 1) & mask) {
      const entry = slots[at] as number;
      if (entry === FREE) return NONE;
      if (entry !== GONE && this.#hashes[entry - 2] === hash) return entry - 2;
    }
  }

  #slotOf(node: number): number {
    const mask = this.#slots.length - 1;
    let at = spread(this.#hashes[node] as number) & mask;
    while (this.#slots[at] !== node + 2) at = (at + 1) & mask;
    return at;
  }

  #occupy(node: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let at = spread(this.#hashes[node] as number) & mask;
    while ((slots[at] as number) > GONE) at = (at + 1) & mask;
    if (slots[at] === FREE) this.#filled += 1;
    slots[at] = node + 2;
  }

  /** Lays the slots out anew: larger where the nodes need it, and without those that are gone. */
  #rehash(): void {
    let size = 32;
    while (size < (this.#count + 1) * 3) size *= 2;
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

function mix(hash: number, code: number): number {
  const mixed = Math.imul(hash ^ code, 0x0100_0193);
  return mixed ^ (mixed >>> 15);
}

function spread(hash: number): number {
  return Math.imul(hash, 0x9e37_79b1) >>> 7;
}
