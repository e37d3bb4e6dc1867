/** As far as evenly spread texts have to be read to be told apart. */
const TAIL_CHARS = 24;

interface Entry<V> {
  readonly text: string;
  readonly value: V;
}

/**
 * A map for long keys that end in what is evenly spread: sealed ids, signed tokens. Each request brings
 * its key as a new string, and hashing all of it costs three times what hashing the tail and comparing
 * the whole does. Of two keys with one tail the later stays.
 */
export class TailMap<V> {
  private readonly entries = new Map<string, Entry<V>>();

  get size(): number {
    return this.entries.size;
  }

  get(text: string): V | undefined {
    const entry = this.entries.get(text.slice(-TAIL_CHARS));
    return entry !== undefined && entry.text === text ? entry.value : undefined;
  }

  set(text: string, value: V): void {
    this.entries.set(text.slice(-TAIL_CHARS), { text, value });
  }

  /** @returns whether it was there */
  delete(text: string): boolean {
    const tail = text.slice(-TAIL_CHARS);
    return this.entries.get(tail)?.text === text && this.entries.delete(tail);
  }

  /** The key that was set first of those that are there. */
  oldest(): string | undefined {
    return this.entries.values().next().value?.text;
  }

  *[Symbol.iterator](): Generator<[string, V]> {
    for (const { text, value } of this.entries.values()) yield [text, value];
  }
}
