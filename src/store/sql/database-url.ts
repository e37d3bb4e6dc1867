import { StoreStartError } from '../store-start-error.js';

/** The database file of a SQLite URL; `:memory:` for one that lives as long as the process. */
export interface SqliteTarget {
  readonly type: 'better-sqlite3';
  readonly file: string;
}

const KNOWN = 'Supported now: sqlite:///./relative.db, sqlite:////absolute.db, sqlite::memory:';
const MEMORY = new Set(['sqlite::memory:', 'sqlite://', 'sqlite:///:memory:']);

/**
 * Reads DATABASE_URL. As in other gateways three slashes lead to a relative path, four to an
 * absolute one.
 * @throws StoreStartError when it is of another kind; the URL is not repeated, it may hold a password
 */
export function parseDatabaseUrl(url: string): SqliteTarget {
  const text = url.trim();
  if (MEMORY.has(text)) return { type: 'better-sqlite3', file: ':memory:' };
  const file = /^sqlite:\/\/\/([^?#]+)$/.exec(text)?.[1];
  if (file !== undefined) return { type: 'better-sqlite3', file };
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) throw new StoreStartError('not a URL', KNOWN);
  if (scheme === 'sqlite') throw new StoreStartError('not a SQLite URL of a known form', KNOWN);
  throw new StoreStartError(
    `databases of kind '${scheme}' are not supported by this version`,
    KNOWN,
  );
}

/** A database URL that is safe to show: no user, password or options. */
export function shownUrl(url: string): string {
  return url
    .trim()
    .replace(/[?#].*$/s, '')
    .replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, '$1');
}
