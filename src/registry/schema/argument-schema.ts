import type { FieldFault } from '../../kernel/errors.js';
import { type CompiledSchema, compileSchema } from './compile.js';
import type { Judgement } from './judge.js';
import { argumentFault } from './limits.js';
import type { SchemaThread } from './schema-thread.js';

export type Faults = readonly FieldFault[];

/** The input schema of a tool, as calls use it. */
export interface ArgumentSchema {
  /**
   * At once where that is cheap. A schema that is not enforced leaves the caps.
   * @param args JSON text of an object; absent = `{}`
   * @returns up to 20 faults; empty when the arguments fit
   * @throws GatewayError `overloaded`
   */
  check(args: string | undefined): Faults | Promise<Faults>;
}

/** Longer arguments are checked on the thread: even a harmless expression is slow on a megabyte. */
const MAX_CHARS_AT_ONCE = 65_536;

/** Compiled here, when the first call needs it. */
export class LightSchema implements ArgumentSchema {
  private readonly compiled: CompiledSchema;

  constructor(
    private readonly text: string,
    private readonly thread: SchemaThread,
  ) {
    this.compiled = compileSchema(text);
  }

  check(args: string | undefined): Faults | Promise<Faults> {
    const { compiled } = this;
    if (!compiled.enforced) return capsOnly(args);
    if (args === undefined) return compiled.validate({});
    if (args.length > MAX_CHARS_AT_ONCE) return this.thread.check(this.text, args);
    return compiled.validate(JSON.parse(args));
  }
}

/** Compiled and used on the thread; a call that comes before it is ready waits for it. */
export class HeavySchema implements ArgumentSchema {
  private judged: Promise<Judgement> | null = null;

  constructor(
    private readonly text: string,
    private readonly thread: SchemaThread,
  ) {}

  /** Once: the verdict stays. @throws GatewayError `overloaded`, and then it is tried again */
  judge(): Promise<Judgement> {
    if (this.judged === null) {
      this.judged = this.thread.judge(this.text);
      this.judged.catch(() => {
        this.judged = null;
      });
    }
    return this.judged;
  }

  async check(args: string | undefined): Promise<Faults> {
    const { verdict } = await this.judge();
    return verdict === 'fine' ? this.thread.check(this.text, args ?? '{}') : capsOnly(args);
  }
}

function capsOnly(args: string | undefined): Faults {
  const fault = args === undefined ? undefined : argumentFault(JSON.parse(args));
  return fault === undefined ? [] : [fault];
}
