import { join } from 'node:path';
import { startChild } from './child.cjs';
import { ROOT } from './gateway-process.cjs';

export interface Fixture {
  readonly url: string;
  readonly port: number;
  stop(signal?: NodeJS.Signals): Promise<unknown>;
}

/** The server of the conformance suite, on the official SDK. @param port 0 for a free one */
export async function startFixture(era: 'legacy' | 'modern' | 'both', port = 0): Promise<Fixture> {
  const script = join(ROOT, 'test/conformance/fixture/fixture.mjs');
  const started = await startChild(process.execPath, [script], {
    env: { PATH: process.env['PATH'], PORT: String(port), ERA: era },
    cwd: ROOT,
    ready: (line: string) => /^READY (http:\S+)/.exec(line)?.[1],
  });
  return {
    url: started.value,
    port: Number(new URL(started.value).port),
    stop: (signal) => started.stop(signal),
  };
}
