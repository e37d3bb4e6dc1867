import { SetMetadata } from '@nestjs/common';

export const UNREPEATED = 'mcpgateway:unrepeated';

/**
 * A route that takes no `Idempotency-Key`: its answer is of use once, to the one it is given to, and
 * running it again does no harm.
 */
export const Unrepeated = (): ReturnType<typeof SetMetadata<string, boolean>> =>
  SetMetadata(UNREPEATED, true);
