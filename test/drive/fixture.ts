import { join } from 'node:path';
import { startChild } from './child.cjs';

const FIXTURE = join(__dirname, '../conformance/fixture/fixture.mjs');

export interface Fixture {
  readonly url: string;
  stop(): Promise<unknown>;
}

/** The server of the conformance suite, written over the official SDK. */
export async function startFixture(era: 'legacy' | 'modern' | 'both'): Promise<Fixture> {
  const child = await startChild(process.execPath, [FIXTURE], {
    env: { ...process.env, PORT: '0', ERA: era },
    ready: (line) => /^READY (\S+)/.exec(line)?.[1],
  });
  return { url: child.value, stop: () => child.stop() };
}
