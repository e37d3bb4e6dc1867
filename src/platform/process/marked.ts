import { randomBytes } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';

/**
 * The variable by which the offspring of a child is found that has left its process group (a daemon).
 * Whoever clears its environment cannot be found so.
 */
export const MARK_NAME = 'MCPGATEWAY_CHILD';

/** What the marks of all children of this process begin with. */
export const OWN_MARK = `${String(process.pid)}-${randomBytes(8).toString('hex')}`;

const POLL_MS = 50;
const KILLED_MS = 1000;

let children = 0;

/** A mark that no other child has. */
export function newMark(): string {
  return `${OWN_MARK}.${String(++children)}`;
}

/** The processes that carry a mark, as far as we may see them. Only Linux shows environments. */
export async function findMarked(mark: string): Promise<number[]> {
  const wanted = `${MARK_NAME}=${mark}\0`;
  // No /proc, no answer: the group is all there is.
  const names = await readdir('/proc').catch((): string[] => []);
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  const carries = await Promise.all(pids.map((pid) => hasEntry(pid, wanted)));
  return pids.filter((_, i) => carries[i] === true);
}

async function hasEntry(pid: number, wanted: string): Promise<boolean> {
  // Processes end, and those of others are not shown.
  const text = await readFile(`/proc/${String(pid)}/environ`, 'latin1').catch(() => '');
  return text.startsWith(wanted) || text.includes(`\0${wanted}`);
}

/** Ends the processes that carry a mark: SIGTERM, and SIGKILL to those that stay. */
export async function endMarked(mark: string, graceMs: number): Promise<void> {
  const found = await findMarked(mark);
  if (found.length === 0) return;
  signalAll(found, 'SIGTERM');
  if (await goneWithin(mark, graceMs)) return;
  signalAll(await findMarked(mark), 'SIGKILL');
  await goneWithin(mark, KILLED_MS);
}

async function goneWithin(mark: string, timeoutMs: number): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  while ((await findMarked(mark)).length > 0) {
    if (performance.now() >= end) return false;
    // Nobody tells us of processes that are not our children.
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return true;
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids)
    try {
      process.kill(pid, signal);
    } catch {
      // Gone meanwhile.
    }
}
