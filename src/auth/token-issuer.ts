import { createSecretKey, randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';
import type { Config } from '../config/config.js';

/** What a new token says besides issuer, audience and times. */
export interface TokenRequest {
  readonly principal: string;
  /** Seconds until it ends; 0 = never. */
  readonly lifetimeSeconds: number;
  readonly role?: string;
  readonly scopes?: Readonly<Record<string, unknown>>;
  /** Further claims; they cannot replace the registered ones. */
  readonly data?: Readonly<Record<string, unknown>>;
}

export interface IssuedToken {
  readonly token: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Signs a token as `JwtVerifier` accepts it (API.md §6.1). */
export function issueToken(config: Config, request: TokenRequest): IssuedToken {
  const issuedAt = Math.floor(Date.now() / 1_000);
  const claims = {
    ...request.data,
    sub: request.principal,
    username: request.principal,
    iss: config.jwtIssuer,
    aud: config.jwtAudience,
    iat: issuedAt,
    jti: randomUUID(),
    ...(request.lifetimeSeconds > 0 && { exp: issuedAt + request.lifetimeSeconds }),
    ...(request.role !== undefined && { role: request.role }),
    ...(request.scopes !== undefined && { scopes: request.scopes }),
  };
  const key = createSecretKey(Buffer.from(config.jwtSecretKey, 'utf8'));
  return { token: jwt.sign(claims, key, { algorithm: config.jwtAlgorithm }), claims };
}
