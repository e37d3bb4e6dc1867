import { promisify } from 'node:util';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { type ArgumentSchema, HeavySchema, LightSchema } from './argument-schema.js';
import { BoundedMap } from './bounded-map.js';
import type { CompiledSchema } from './compile.js';
import { type Judgement, judgeSchema } from './judge.js';
import { SchemaThread } from './schema-thread.js';
import { isLight } from './weigh.js';

const MAX_KNOWN = 2_000;
const NO_TIME: Judgement = { verdict: 'unenforced', reason: 'there was no time to compile it' };
const FINE: CompiledSchema = { enforced: true, validate: () => [] };
/** Longest that judging holds the loop at a time. */
const BITE_MS = 10;
const nextTurn = promisify(setImmediate);
/** Longest that one sync waits for the verdicts on its schemas. */
const MAX_JUDGING_MS = 20_000;

/** The schemas of tools by their text: equal tools share one, each is compiled once (SECURITY.md S46). */
@Injectable()
export class SchemasService implements OnModuleDestroy {
  private readonly known = new BoundedMap<ArgumentSchema>(MAX_KNOWN);

  constructor(private readonly thread: SchemaThread) {}

  onModuleDestroy(): Promise<void> {
    return this.thread.close();
  }

  get(schemaText: string): ArgumentSchema {
    const known = this.known.get(schemaText);
    if (known !== undefined) return known;
    const made = isLight(schemaText)
      ? new LightSchema(schemaText, this.thread)
      : new HeavySchema(schemaText, this.thread);
    this.known.set(schemaText, made);
    return made;
  }

  /**
   * Judges schemas before their tools are stored: the heavy ones on the thread, where they stay compiled,
   * the light ones here, bite by bite. Those for which there is no time are not enforced. Never throws.
   */
  async judgeAll(texts: Iterable<string>): Promise<ReadonlyMap<string, Judgement>> {
    const judgements = new Map<string, Judgement>();
    const end = performance.now() + MAX_JUDGING_MS;
    let bite = performance.now() + BITE_MS;
    for (const text of new Set(texts)) {
      if (isLight(text)) judgements.set(text, inspect(text));
      else judgements.set(text, performance.now() < end ? await this.judgeHeavy(text) : NO_TIME);
      if (performance.now() < bite) continue;
      await nextTurn();
      bite = performance.now() + BITE_MS;
    }
    return judgements;
  }

  private judgeHeavy(text: string): Promise<Judgement> {
    const schema = this.get(text);
    if (!(schema instanceof HeavySchema))
      throw new Error('a light schema is not judged on the thread');
    return schema.judge().catch(() => NO_TIME);
  }
}

/** Without compiling, which a light schema needs at its first call only. */
function inspect(text: string): Judgement {
  return judgeSchema(text, () => FINE);
}
