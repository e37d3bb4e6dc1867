import type { FieldFault } from '../../kernel/errors.js';

/** An input schema ready to judge arguments, or why it is not enforced. */
export type CompiledSchema =
  | { readonly enforced: true; validate(args: unknown): FieldFault[] }
  | { readonly enforced: false; readonly reason: string };
