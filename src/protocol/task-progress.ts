import { notificationText } from '../kernel/jsonrpc.js';
import { relatedAs } from '../kernel/related-task.js';
import type { AfterProgress } from '../kernel/upstream.js';
import { FloodGate } from './flood-gate.js';

/** Takes one message for a client. @returns false when it could not be taken */
export type Outlet = (text: string) => boolean;

/** Where it goes, and under which names. */
interface Ways {
  /** The client's progress token as written. */
  readonly token: string;
  /** The stream that its session listens on. */
  readonly session: Outlet;
  readonly shownId: (taskId: string) => string | null;
  readonly dropped: (reason: string) => void;
}

/**
 * Progress of a core task after the answer that named it, for the session that began it (25 Tasks
 * §Progress). It comes where the session listens, or on a request of it that waits for the result.
 */
export class TaskProgress implements AfterProgress {
  private over = false;
  private isBegun = false;
  /** What came before the answer that names the task was given. */
  private early: string | null = null;
  private readonly waiting: Outlet[] = [];
  private readonly gate: FloodGate;

  constructor(private readonly ways: Ways) {
    this.gate = new FloodGate(
      (text) => {
        const isTaken = ways.session(text) || this.waiting.some((outlet) => outlet(text));
        if (!isTaken) ways.dropped('no_stream');
      },
      () => undefined,
    );
  }

  get isOver(): boolean {
    return this.over;
  }

  progress(params: string): void {
    if (this.over) return;
    if (!this.isBegun) {
      this.early = params;
      return;
    }
    const said = relatedAs(params, this.ways.shownId);
    const token = `"progressToken":${this.ways.token}`;
    this.gate.latest(
      notificationText('notifications/progress', said === '' ? token : `${token},${said}`),
    );
  }

  /** The client knows the task: right after that answer all may be told. */
  begin(): void {
    setImmediate(() => {
      this.isBegun = true;
      if (this.early !== null) this.progress(this.early);
    });
  }

  /** A request that waits for the result can carry it. @returns how to stop that */
  alsoOn(outlet: Outlet): () => void {
    this.waiting.push(outlet);
    return () => {
      this.waiting.splice(this.waiting.indexOf(outlet), 1);
    };
  }

  /** The task has ended, or there is none. */
  end(): void {
    this.over = true;
    this.gate.end(false);
  }
}
