import type { Abort } from './abort.js';
import { GatewayError } from './errors.js';

/**
 * Waits, but no longer than the Call is wanted; what is waited for goes on for others.
 * @param late takes what comes when nobody waits any more
 * @throws GatewayError `cancelled` as soon as aborted, else what `waited` rejects with
 */
export function unlessAborted<T>(
  waited: Promise<T>,
  abort: Abort,
  late: (value: T) => void = () => undefined,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let isLate = false;
    abort.onAbort(() => {
      isLate = true;
      reject(new GatewayError('cancelled'));
    });
    waited.then((value) => {
      if (isLate) late(value);
      else resolve(value);
    }, reject);
  });
}
