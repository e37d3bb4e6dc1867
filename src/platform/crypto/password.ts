import { randomBytes, scrypt, scryptSync, timingSafeEqual } from 'node:crypto';

/** 32 MiB and about 100 ms per hash: dear for a guesser, bearable at a login. */
const COST = { N: 2 ** 15, r: 8, p: 1 };
const OPTIONS = { ...COST, maxmem: 64 * 1024 * 1024 };
const HASH_BYTES = 32;
/** Longer input is not hashed at all. */
const MAX_PASSWORD_BYTES = 1024;
const FORM = /^scrypt\$32768\$8\$1\$([\w-]{22})\$([\w-]{43})$/;

/** `scrypt$N$r$p$salt$hash`, the last two base64url. Blocks for about 100 ms: for the start only. */
export function hashPassword(plain: string): string {
  const salt = randomBytes(16);
  const hash = scryptSync(plain, salt, HASH_BYTES, OPTIONS);
  const texts = [salt, hash].map((bytes) => bytes.toString('base64url'));
  return ['scrypt', COST.N, COST.r, COST.p, ...texts].join('$');
}

/** Whether `plain` is the password that `stored` was made of; false for anything else in `stored`. */
export async function verifyPassword(plain: string, stored: string): Promise<boolean> {
  const [, salt, hash] = FORM.exec(stored) ?? [];
  if (salt === undefined || hash === undefined) return false;
  if (Buffer.byteLength(plain) > MAX_PASSWORD_BYTES) return false;
  const derived = await new Promise<Buffer>((resolve, reject) => {
    scrypt(plain, Buffer.from(salt, 'base64url'), HASH_BYTES, OPTIONS, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
  return timingSafeEqual(derived, Buffer.from(hash, 'base64url'));
}
