import { createSecretKey, type KeyObject } from 'node:crypto';
import jwt, { type JwtPayload } from 'jsonwebtoken';
import { type Caller, type Role, ROLES } from '../../kernel/caller.js';
import { type ErrorCode, GatewayError } from '../../kernel/errors.js';
import type { Config } from '../../config/config.js';
import { makeCaller } from '../make-caller.js';
import type { Networks } from '../networks.js';
import { parseScopes } from '../scopes.js';

/** Longest token that is looked at, in characters. */
const MAX_TOKEN_CHARS = 8_192;
const SKEW_SECONDS = 30;
/** Longest life of a token: that of the longest API token (API.md §6.4), and a day for time zones. */
const MAX_LIFE_SECONDS = 3_651 * 86_400;
const MAX_PRINCIPAL_CHARS = 255;

/** What a good token gives: who it is, and where it may be used from. */
export interface VerifiedToken {
  readonly caller: Caller;
  readonly networks: Networks | null;
}

/** Why a token is refused: for metrics and logs; the caller learns only the code. */
export class TokenRefused extends Error {
  constructor(
    readonly code: Extract<ErrorCode, 'token_invalid' | 'token_expired' | 'token_without_expiry'>,
    readonly reason: string,
  ) {
    super(reason);
  }

  toGatewayError(headers: Readonly<Record<string, string>>): GatewayError {
    return new GatewayError(this.code, {}, { headers });
  }
}

const invalid = (reason: string): TokenRefused => new TokenRefused('token_invalid', reason);

/**
 * Verifies JWTs by the rules of API.md §6.1 and SECURITY.md S17: one key, one algorithm, nothing of
 * the token's header chooses either.
 */
export class JwtVerifier {
  /** A KeyObject: with the secret as a string every verification costs fifty times as much. */
  private readonly key: KeyObject;

  constructor(private readonly config: Config) {
    this.key = createSecretKey(Buffer.from(config.jwtSecretKey, 'utf8'));
  }

  /** @throws TokenRefused */
  verify(token: string): VerifiedToken {
    const claims = this.signedClaims(token);
    this.checkTimes(claims);
    this.checkParties(claims);
    const tokenId = this.tokenId(claims);
    const principal = principalOf(claims);
    const parsed = parseScopes(claims['scopes']);
    if (parsed === undefined) throw invalid('scopes');
    const caller = makeCaller({
      principal,
      type: 'user',
      role: this.roleOf(claims),
      scopes: parsed.scopes,
      limiterKey: `user:${principal}`,
      tokenId,
      ...(claims.exp === undefined ? {} : { expiresAt: claims.exp }),
    });
    return { caller, networks: parsed.networks };
  }

  private signedClaims(token: string): JwtPayload {
    if (token.length > MAX_TOKEN_CHARS) throw invalid('too_long');
    try {
      const { header, payload } = jwt.verify(token, this.key, {
        algorithms: [this.config.jwtAlgorithm],
        complete: true,
        ignoreExpiration: true,
        clockTolerance: SKEW_SECONDS,
      });
      if ('crit' in header) throw invalid('crit');
      if (typeof payload === 'string') throw invalid('payload');
      return payload;
    } catch (e) {
      if (e instanceof TokenRefused) throw e;
      throw invalid(e instanceof jwt.NotBeforeError ? 'not_before' : 'signature');
    }
  }

  /** Expiry by hand: the library would accept a token without one, and tells the far future nothing. */
  private checkTimes(claims: JwtPayload): void {
    const now = Date.now() / 1_000;
    if ('nbf' in claims && !isTime(claims.nbf)) throw invalid('not_before');
    if (!('exp' in claims)) {
      if (!this.config.requireTokenExpiration) return;
      throw new TokenRefused('token_without_expiry', 'no_expiry');
    }
    if (!isTime(claims.exp) || claims.exp > now + MAX_LIFE_SECONDS) throw invalid('expiry');
    if (now >= claims.exp + SKEW_SECONDS) throw new TokenRefused('token_expired', 'expired');
  }

  private checkParties(claims: JwtPayload): void {
    const { jwtIssuer, jwtAudience, jwtIssuerVerification, jwtAudienceVerification } = this.config;
    if ('iss' in claims ? claims.iss !== jwtIssuer : jwtIssuerVerification) throw invalid('issuer');
    if (!('aud' in claims)) {
      if (jwtAudienceVerification) throw invalid('audience');
    } else if (claims.aud !== jwtAudience) throw invalid('audience');
  }

  private tokenId(claims: JwtPayload): string | null {
    if (typeof claims.jti === 'string' && claims.jti !== '') return claims.jti;
    if ('jti' in claims || this.config.requireJti) throw invalid('jti');
    return null;
  }

  /** A role that does not exist is refused rather than replaced: the default may be greater. */
  private roleOf(claims: JwtPayload): Role {
    const role: unknown = claims['role'];
    if (role !== undefined && role !== null) {
      if (role !== 'peer' && (ROLES as readonly unknown[]).includes(role)) return role as Role;
      throw invalid('role');
    }
    const user: unknown = claims['user'];
    const isAdmin =
      typeof user === 'object' && user !== null && 'is_admin' in user && user.is_admin === true;
    return isAdmin ? 'admin' : this.config.jwtDefaultRole;
  }
}

/** Seconds since 1970 (RFC 7519 §2 NumericDate). */
function isTime(value: unknown): value is number {
  return typeof value === 'number' && value > 0;
}

function principalOf(claims: JwtPayload): string {
  const name: unknown = claims.sub ?? claims['username'];
  if (typeof name !== 'string' || name === '' || name.length > MAX_PRINCIPAL_CHARS)
    throw invalid('principal');
  if (/\p{Cc}/u.test(name)) throw invalid('principal');
  return name;
}
