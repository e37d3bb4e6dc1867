import { QueryFailedError } from 'typeorm';
import { GatewayError } from '../../kernel/errors.js';
import { DuplicateError } from '../port.js';

const DUPLICATE = new Set(['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY']);
const UNUSABLE =
  /^SQLITE_(BUSY|LOCKED|READONLY|CORRUPT|NOTADB|IOERR|FULL|CANTOPEN|PROTOCOL|PERM|NOMEM)/;
const RETRY_AFTER_SECONDS = 5;

/** The code the driver or the file system gave, wrapped by the ORM or not; '' when there is none. */
export function driverCode(error: unknown): string {
  const source: unknown = error instanceof QueryFailedError ? error.driverError : error;
  const code =
    typeof source === 'object' && source !== null && 'code' in source ? source.code : undefined;
  return typeof code === 'string' ? code : '';
}

/** Another process holds the lock; the same statement may succeed a moment later. */
export function isBusy(error: unknown): boolean {
  return /^SQLITE_(BUSY|LOCKED)/.test(driverCode(error));
}

/** The port's word for what the driver threw; anything unknown as it came. */
export function translate(error: unknown): unknown {
  const code = driverCode(error);
  if (DUPLICATE.has(code)) return new DuplicateError('already exists', { cause: error });
  if (UNUSABLE.test(code))
    return new GatewayError(
      'dependency_unavailable',
      { dependency: 'Database' },
      { cause: error, retryAfterSeconds: RETRY_AFTER_SECONDS },
    );
  return error;
}
