import { extname, join } from 'node:path';
import { GatewayError, type FieldFault } from '../../kernel/errors.js';
import {
  WorkerJobEnded,
  WorkerJobRefused,
  WorkerLine,
  type WorkerLineOptions,
} from '../../platform/process/worker-line.js';
import type { Judgement } from './judge.js';
import type { SchemaAnswer, SchemaJob } from './schema-jobs.js';

const OPTIONS: WorkerLineOptions = {
  // In the specs this file has not been compiled, nor has the other.
  file: join(__dirname, `compile-worker${extname(__filename)}`),
  deadlineMs: 500,
  maxWaitMs: 5_000,
  maxWaiting: 1_000,
  maxHeapMb: 256,
};

/** The thread for what strangers wrote and what takes long: large schemas, large arguments (S46). */
export class SchemaThread {
  private readonly line: WorkerLine<SchemaJob, SchemaAnswer>;

  constructor(options: Partial<WorkerLineOptions> = {}) {
    this.line = new WorkerLine({ ...OPTIONS, ...options });
  }

  /**
   * A schema that takes too long is not enforced.
   * @throws GatewayError `overloaded` when its turn does not come in time
   */
  async judge(schema: string): Promise<Judgement> {
    const answer = await this.run({ kind: 'judge', schema });
    if (answer?.kind === 'judged') return answer.judgement;
    return { verdict: 'unenforced', reason: 'compiling the schema takes too long' };
  }

  /**
   * Arguments whose check takes too long do not fit.
   * @throws GatewayError `overloaded` when its turn does not come in time
   */
  async check(schema: string, args: string): Promise<readonly FieldFault[]> {
    const answer = await this.run({ kind: 'check', schema, args });
    if (answer?.kind === 'checked') return answer.faults;
    return [{ pointer: '', detail: 'checking takes too long', type: 'limit' }];
  }

  close(): Promise<void> {
    return this.line.close();
  }

  /** @returns `null` when the job was ended */
  private async run(job: SchemaJob): Promise<SchemaAnswer | null> {
    try {
      return await this.line.run(job);
    } catch (cause) {
      if (cause instanceof WorkerJobEnded) return null;
      if (!(cause instanceof WorkerJobRefused)) throw cause;
      const what = 'Too many checks of arguments wait';
      throw new GatewayError('overloaded', { what }, { cause, retryAfterSeconds: 1 });
    }
  }
}
