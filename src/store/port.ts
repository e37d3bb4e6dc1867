/** The store port: plain definitions and a handful of verbs, so that any database can be behind it. */

export type Scalar = string | number | boolean | null;

/**
 * What a field must satisfy. `has` looks for a string in a JSON array; `contains` ignores case, and so does
 * `inAnyCase`, of ASCII letters.
 */
export type Condition =
  | Scalar
  | { readonly in: readonly Scalar[] }
  | { readonly inAnyCase: readonly string[] }
  | { readonly ne: Scalar }
  | { readonly gt?: Scalar; readonly gte?: Scalar; readonly lt?: Scalar; readonly lte?: Scalar }
  | { readonly contains: string }
  | { readonly has: string };

/** All named fields must satisfy their condition; of `or`, at least one filter. */
export type Filter<T> = { readonly [K in keyof T]?: Condition | undefined } & {
  readonly or?: readonly Filter<T>[] | undefined;
};

export interface FindOptions<T> {
  /** In this order of keys; 1 ascending, -1 descending. */
  readonly sort?: { readonly [K in keyof T]?: 1 | -1 };
  readonly limit?: number;
}

/**
 * How a field is kept: `str` up to `length` characters and indexable, `text` of any length,
 * `time` an ISO 8601 UTC text of 24 characters, `json` anything JSON.
 */
export type FieldKind = 'str' | 'text' | 'int' | 'double' | 'bool' | 'json' | 'time';

export interface Field {
  readonly kind: FieldKind;
  /** Longest `str`; 255 by default, at most 768 (the widest index of MySQL). */
  readonly length?: number;
  readonly optional?: boolean;
}

export interface Identified {
  readonly id: string;
}

/** One kind of record: its name and its fields besides `id`. */
export interface Definition<T extends Identified> {
  readonly name: string;
  readonly fields: { readonly [K in Exclude<keyof T, 'id'> & string]: Field };
  readonly unique?: readonly (readonly (keyof T & string)[])[];
  readonly index?: readonly (readonly (keyof T & string)[])[];
}

/**
 * Records of one kind. Every method
 * @throws DuplicateError when an id or a unique field is taken
 * @throws GatewayError `dependency_unavailable` when the database cannot be used now
 */
export interface Repo<T extends Identified> {
  get(id: string): Promise<T | undefined>;
  find(filter?: Filter<T>, options?: FindOptions<T>): Promise<T[]>;
  /** As `find`, but only these fields: whole records of a large catalog take long to read. */
  pick<K extends keyof T & string>(fields: readonly K[], filter?: Filter<T>): Promise<Pick<T, K>[]>;
  count(filter?: Filter<T>): Promise<number>;
  /** All or none. */
  insert(rows: readonly T[]): Promise<void>;
  /** @returns how many records matched */
  update(filter: Filter<T>, patch: Partial<Omit<T, 'id'>>): Promise<number>;
  increment(filter: Filter<T>, field: keyof T & string, by: number): Promise<number>;
  /** @returns how many records went */
  delete(filter: Filter<T>): Promise<number>;
}

export interface Store {
  repo<T extends Identified>(definition: Definition<T>): Repo<T>;
  /**
   * All of `work` or nothing. Inside, use only the store handed in: the outer one waits for the end
   * of the transaction, so awaiting it would wait for ever. Never await anything but the store.
   */
  transaction<R>(work: (tx: Store) => Promise<R>): Promise<R>;
}

/** An id or a unique field is taken. */
export class DuplicateError extends Error {}
