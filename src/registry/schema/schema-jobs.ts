import type { FieldFault } from '../../kernel/errors.js';
import { BoundedMap } from './bounded-map.js';
import { type CompiledSchema, compileSchema } from './compile.js';
import { type Judgement, judgeSchema } from './judge.js';

/** What the thread is asked: to judge a schema, or to check arguments (JSON text) against one. */
export type SchemaJob =
  | { readonly kind: 'judge'; readonly schema: string }
  | { readonly kind: 'check'; readonly schema: string; readonly args: string };

export type SchemaAnswer =
  | { readonly kind: 'judged'; readonly judgement: Judgement }
  | { readonly kind: 'checked'; readonly faults: readonly FieldFault[] };

const MAX_COMPILED = 500;

/** The work of the thread, and what it remembers between two jobs. */
export class SchemaJobs {
  private readonly compiled = new BoundedMap<CompiledSchema>(MAX_COMPILED);

  do(job: SchemaJob): SchemaAnswer {
    if (job.kind === 'judge') {
      const judgement = judgeSchema(job.schema, (text) => this.compile(text));
      return { kind: 'judged', judgement };
    }
    const schema = this.compile(job.schema);
    const faults = schema.enforced ? schema.validate(JSON.parse(job.args)) : [];
    return { kind: 'checked', faults };
  }

  private compile(text: string): CompiledSchema {
    const known = this.compiled.get(text);
    if (known !== undefined) return known;
    const compiled = compileSchema(text);
    this.compiled.set(text, compiled);
    return compiled;
  }
}
