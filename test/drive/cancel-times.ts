import type { JournalFile } from '../fakes/hostile-upstream/upstream.js';
import type { HttpClient } from './http-client.js';
import { eventually } from './wait.js';

/** Makes a call with that nonce; the answer cancels it. */
type Begin = (nonce: string) => Promise<() => Promise<void>>;

const ATTEMPTS = 5;
let counter = 0;

/** How long after each cancellation the upstream heard of it, in ms, sorted. On the clock of the machine. */
export async function cancelTimes(journal: JournalFile, begin: Begin): Promise<number[]> {
  const all: number[] = [];
  for (let i = 0; i < ATTEMPTS; i++) {
    const nonce = `cancel-${String(++counter)}`;
    const cancel = await begin(nonce);
    const at = Number(process.hrtime.bigint() / 1000n) / 1000;
    await cancel();
    const heard = await eventually('the cancellation', () => journal.cancelOf(nonce));
    all.push(heard.tMono - at);
  }
  return all.sort((a, b) => a - b);
}

/** Calls the tool `cancellable` of a Gateway, and cancels with `notifications/cancelled`. */
export function cancelsByMessage(client: HttpClient, gateway: string, journal: JournalFile): Begin {
  return async (nonce) => {
    const id = 10_000 + counter;
    const params = { name: `${gateway}-cancellable`, arguments: { nonce } };
    const call = client.send(JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params }));
    await eventually('the call arrives', () => journal.times(nonce) === 1);
    return async () => {
      await client.notify('notifications/cancelled', { requestId: id });
      const { answer } = await call;
      if (answer !== undefined) throw new Error('a cancelled call was answered');
    };
  };
}
