import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** 32 MiB and about 80 ms of one core for each guess (SECURITY.md §4 asks ≥ 19 MiB). */
const COST = { N: 32_768, r: 8, p: 1, maxmem: 64 * 1_024 * 1_024 } as const;
const KEY_BYTES = 32;
const SALT_BYTES = 16;

/** `scrypt$N$r$p$salt$key`, the last two base64url. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const key = await derive(password, salt, { ...COST, keyBytes: KEY_BYTES });
  const parts = ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64url')];
  return [...parts, key.toString('base64url')].join('$');
}

/** @returns false too for a hash that cannot be read */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const [kind, n, r, p, salt, key] = hash.split('$');
  if (kind !== 'scrypt' || salt === undefined || key === undefined) return false;
  const expected = Buffer.from(key, 'base64url');
  const cost = { N: Number(n), r: Number(r), p: Number(p), maxmem: COST.maxmem };
  const actual = await derive(password, Buffer.from(salt, 'base64url'), {
    ...cost,
    keyBytes: expected.length,
  });
  return timingSafeEqual(actual, expected);
}

interface Cost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
  readonly maxmem: number;
  readonly keyBytes: number;
}

function derive(password: string, salt: Buffer, { keyBytes, ...cost }: Cost): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, keyBytes, cost, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
