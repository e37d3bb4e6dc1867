import type { Config } from '../../config/config.js';
import { CommandError, EXIT } from '../exit-code.js';
import type { Io } from '../io.js';
import { tokenConfig } from './token-config.js';

/** Prints header and claims, and whether this gateway would take the token. @returns exit code */
export async function inspectToken(token: string, io: Io): Promise<number> {
  const { default: jwt } = await import('jsonwebtoken');
  const decoded = jwt.decode(token, { complete: true });
  if (decoded === null)
    throw new CommandError('That is no JWT: three base64url parts with dots.', EXIT.invalid);
  const problem = await problemOf(token, await tokenConfig(io));
  const { header, payload } = decoded;
  io.out(`${JSON.stringify({ header, payload, valid: problem === null, problem }, null, 2)}\n`);
  return problem === null ? EXIT.done : EXIT.invalid;
}

async function problemOf(token: string, config: Config): Promise<string | null> {
  const { JwtVerifier, TokenRefused } = await import('../../auth/methods/jwt.js');
  try {
    new JwtVerifier(config).verify(token);
    return null;
  } catch (e) {
    if (e instanceof TokenRefused) return `${e.code} (${e.reason})`;
    throw e;
  }
}
