import type { StartedChild } from './child.cjs';

export const ROOT: string;
export const SECRET: string;

export function signToken(
  claims: Record<string, unknown>,
  options?: { secret?: string; header?: Record<string, unknown> },
): string;
export function token(username?: string, more?: Record<string, unknown>): string;

export interface GatewayProcess extends StartedChild<string> {
  readonly url: string;
  readonly port: number;
  /** Its own folder: database, secrets. */
  readonly dir: string;
  /** From spawn to the first 200 of `/ready`. */
  readonly readyMs: number;
  dispose(): Promise<void>;
}

export function startGateway(options?: {
  env?: Record<string, string>;
  dir?: string;
  /** Command to run node under: `['taskset', '-c', '0']`. */
  prefix?: readonly string[];
}): Promise<GatewayProcess>;
