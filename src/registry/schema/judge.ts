import { type CompiledSchema, compileSchema } from './compile.js';
import { inspectSchema } from './limits.js';
import { metaFault } from './meta.js';

/**
 * What becomes of a tool because of its input schema: `fine`, listed but `unenforced`, or `refused`
 * and left out (SECURITY.md S44–S46).
 */
export interface Judgement {
  readonly verdict: 'fine' | 'unenforced' | 'refused';
  /** Empty when fine. */
  readonly reason: string;
}

/** Judges a schema all the way: caps, meta-schema, compiling. */
export function judgeSchema(
  schemaText: string,
  compile: (text: string) => CompiledSchema = compileSchema,
): Judgement {
  const inspected = inspectSchema(schemaText);
  if (inspected.verdict !== 'ok') return inspected;
  const fault = metaFault(inspected.schema);
  if (fault !== undefined) return { verdict: 'refused', reason: fault };
  const compiled = compile(schemaText);
  return compiled.enforced
    ? { verdict: 'fine', reason: '' }
    : { verdict: 'unenforced', reason: compiled.reason };
}
