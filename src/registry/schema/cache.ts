import { type CompiledSchema, compileSchema } from './compile.js';

/** Compiled schemas by their text, the least recently used forgotten: equal tools share one. */
export class SchemaCache {
  private readonly entries = new Map<string, CompiledSchema>();

  constructor(private readonly size = 2_000) {}

  get(schemaText: string): CompiledSchema {
    const known = this.entries.get(schemaText);
    if (known) this.entries.delete(schemaText);
    const compiled = known ?? compileSchema(schemaText);
    this.entries.set(schemaText, compiled);
    if (this.entries.size > this.size) {
      const oldest = this.entries.keys().next();
      if (!oldest.done) this.entries.delete(oldest.value);
    }
    return compiled;
  }
}
