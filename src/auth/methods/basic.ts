import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Config } from '../../config/config.js';
import type { Caller } from '../../kernel/caller.js';
import { GatewayError } from '../../kernel/errors.js';
import { verifyPassword } from '../../platform/crypto/password.js';
import { makeCaller } from '../make-caller.js';
import { limitAddress } from '../networks.js';
import { FailureWindow } from './failures.js';

/** Longest `user:password`, in base64 characters of 1 KiB. */
const MAX_VALUE_CHARS = 1_368;
const CACHE_MS = 60_000;
const MAX_CACHED = 1_000;
/** Each costs 32 MiB and a thread of four. */
const MAX_AT_ONCE = 8;
/** Wrong attempts of one address under any names. */
const MAX_FAILURES_OF_ADDRESS = 50;

/** Checks user and password of HTTP Basic against the one administrator (SECURITY.md S18). */
export class BasicVerifier {
  private readonly key = randomBytes(32);
  private readonly cache = new Map<string, number>();
  private readonly failures = new FailureWindow();
  private readonly failuresOfAddress = new FailureWindow(MAX_FAILURES_OF_ADDRESS);
  private readonly admin: Caller;
  /** A hash of the right form that no password has. */
  private readonly dummy = `scrypt$32768$8$1$${noise(16)}$${noise(32)}`;
  private atOnce = 0;

  constructor(private readonly config: Config) {
    const principal = config.basicAuthUser;
    this.admin = makeCaller({
      principal,
      type: 'user',
      role: 'admin',
      limiterKey: `user:${principal}`,
    });
  }

  /**
   * @param value what stands behind `Basic ` in the header
   * @returns `undefined` when user or password are wrong, after the same time either way
   * @throws GatewayError `too_many_attempts`, `overloaded`
   */
  async verify(value: string, ip: string): Promise<Caller | undefined> {
    if (value.length > MAX_VALUE_CHARS) return undefined;
    const digest = this.digest(value).toString('base64url');
    if (Date.now() < (this.cache.get(digest) ?? 0)) return this.admin;
    const [user, password] = parse(value);
    if (user === '') return undefined;
    const address = limitAddress(ip);
    this.count(this.failuresOfAddress, address);
    this.count(this.failures, `${user}\n${address}`);
    if (!(await this.matches(user, password))) return undefined;
    this.failures.succeeded(`${user}\n${address}`);
    this.failuresOfAddress.succeeded(address);
    this.remember(digest);
    return this.admin;
  }

  private count(failures: FailureWindow, key: string): void {
    const waitMs = failures.begin(key);
    if (waitMs === 0) return;
    throw new GatewayError(
      'too_many_attempts',
      {},
      { retryAfterSeconds: Math.ceil(waitMs / 1_000) },
    );
  }

  /** Takes the same time whichever of the two is wrong. */
  private async matches(user: string, password: string): Promise<boolean> {
    const { basicAuthUser, basicAuthPassword } = this.config;
    const isKnown = timingSafeEqual(this.digest(user), this.digest(basicAuthUser));
    const isRight =
      basicAuthPassword === ''
        ? await this.matchesHash(isKnown, password)
        : timingSafeEqual(this.digest(password), this.digest(basicAuthPassword));
    return isKnown && isRight;
  }

  /** Of the generated password only its hash is known; for an unknown user nothing matches. */
  private async matchesHash(isKnown: boolean, password: string): Promise<boolean> {
    if (this.atOnce >= MAX_AT_ONCE)
      throw new GatewayError(
        'overloaded',
        { what: 'Too many log-ins at once' },
        { retryAfterSeconds: 1 },
      );
    this.atOnce++;
    try {
      return await verifyPassword(
        password,
        isKnown ? this.config.basicAuthPasswordHash : this.dummy,
      );
    } finally {
      this.atOnce--;
    }
  }

  /** Keyed with a random key of this process: what is kept says nothing about the password. */
  private digest(text: string): Buffer {
    return createHmac('sha256', this.key).update(text).digest();
  }

  private remember(digest: string): void {
    if (this.cache.size >= MAX_CACHED) this.cache.clear();
    this.cache.set(digest, Date.now() + CACHE_MS);
  }
}

/** The user ends at the first colon; the password may contain more (RFC 7617 §2). */
function parse(value: string): [user: string, password: string] {
  const text = Buffer.from(value, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon === -1 ? ['', ''] : [text.slice(0, colon), text.slice(colon + 1)];
}

const noise = (bytes: number): string => randomBytes(bytes).toString('base64url');
