import type { ConfigValues } from './config.schema.js';

/**
 * All settings of one gateway, read once at the start and never changed. Token for injection:
 * class and interface are merged so that one name is both the token and the type.
 * Durations are ms, sizes bytes; `config.schema.ts` says what each means.
 */
export abstract class Config {}

export interface Config extends ConfigValues {
  /**
   * Hash of the generated admin password (`verifyPassword` of platform/crypto); '' when
   * `basicAuthPassword` is configured. Filled by `resolveSecrets`.
   */
  readonly basicAuthPasswordHash: string;
}
