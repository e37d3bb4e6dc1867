import { performance } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';

export interface WorkerLineOptions {
  /** The program of the thread: says anything once it is up, then answers each job with one message. */
  readonly file: string;
  /**
   * Longest a job may compute; then the thread is ended and a new one takes the next job. Time in which
   * a busy machine lets the thread wait does not count, up to ten times as much in all.
   */
  readonly deadlineMs: number;
  /** Longest a job may wait for its turn. */
  readonly maxWaitMs: number;
  /** Jobs that may wait. */
  readonly maxWaiting: number;
  readonly maxHeapMb: number;
  readonly execArgv?: readonly string[];
}

/** The job ran for too long or used too much memory, or its thread could not be started. */
export class WorkerJobEnded extends Error {}

/** The job has not been begun: too many others wait, or the line is closed. */
export class WorkerJobRefused extends Error {}

interface Waiting<Job, Answer> {
  readonly job: Job;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
  readonly patience: NodeJS.Timeout;
}

const MIN_WAIT_MS = 20;

/** How long the threads beside this one have computed. Node 20 cannot tell it of one thread. */
class Stopwatch {
  private readonly since = performance.now();
  private readonly cpu = process.cpuUsage();
  private readonly loop = performance.eventLoopUtilization();

  elapsedMs(): number {
    return performance.now() - this.since;
  }

  /** What the process computed but for the time in which our own loop was at work. */
  computedMs(): number {
    const { user, system } = process.cpuUsage(this.cpu);
    return (user + system) / 1000 - performance.eventLoopUtilization(this.loop).active;
  }
}

/** A thread takes as long to start as its imports take; jobs are measured from then on. */
const MAX_START_MS = 10_000;

/**
 * One thread that does untrusted work in turn, off the loop: started with the first job, ended with a
 * job that exceeds its time. What the thread remembers goes with it.
 */
export class WorkerLine<Job, Answer> {
  private readonly waiting: Waiting<Job, Answer>[] = [];
  private worker: Worker | null = null;
  private isUp = false;
  private current: Waiting<Job, Answer> | null = null;
  private timer: NodeJS.Timeout | null = null;
  private isClosed = false;

  constructor(private readonly options: WorkerLineOptions) {}

  /** @throws WorkerJobEnded, WorkerJobRefused */
  run(job: Job): Promise<Answer> {
    const { maxWaiting, maxWaitMs } = this.options;
    if (this.isClosed || this.waiting.length >= maxWaiting)
      return Promise.reject(new WorkerJobRefused('too many jobs wait'));
    return new Promise((resolve, reject) => {
      const patience = setTimeout(() => {
        this.waiting.splice(this.waiting.indexOf(entry), 1);
        reject(new WorkerJobRefused(`waited longer than ${String(maxWaitMs)} ms`));
      }, maxWaitMs);
      const entry: Waiting<Job, Answer> = { job, resolve, reject, patience };
      this.waiting.push(entry);
      this.next();
    });
  }

  async close(): Promise<void> {
    this.isClosed = true;
    for (const { patience, reject } of this.waiting.splice(0)) {
      clearTimeout(patience);
      reject(new WorkerJobRefused('closed'));
    }
    await this.end(new WorkerJobRefused('closed'));
  }

  private next(): void {
    if (this.current !== null || this.isClosed) return;
    if (this.worker === null) {
      if (this.waiting.length > 0) this.start();
      return;
    }
    if (!this.isUp) return;
    const entry = this.waiting.shift();
    if (entry === undefined) {
      this.worker.unref();
      return;
    }
    clearTimeout(entry.patience);
    this.current = entry;
    this.worker.ref();
    this.watch(new Stopwatch(), this.options.deadlineMs);
    this.worker.postMessage(entry.job);
  }

  private start(): void {
    const { file, maxHeapMb, execArgv } = this.options;
    const worker = new Worker(file, {
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMb },
      ...(execArgv === undefined ? {} : { execArgv: [...execArgv] }),
      env: {},
      stdout: true,
      stderr: true,
    });
    this.worker = worker;
    this.timer = setTimeout(() => {
      void this.end(new WorkerJobEnded('the thread does not start'));
    }, MAX_START_MS);
    worker.once('message', () => {
      if (this.worker !== worker) return;
      this.isUp = true;
      this.stopClock();
      worker.on('message', (answer: Answer) => {
        this.answered(worker, answer);
      });
      this.next();
    });
    worker.once('error', (cause) => {
      if (this.worker === worker) void this.end(new WorkerJobEnded('the thread failed', { cause }));
    });
  }

  private answered(worker: Worker, answer: Answer): void {
    const entry = this.current;
    if (this.worker !== worker || entry === null) return;
    this.stopClock();
    this.current = null;
    entry.resolve(answer);
    this.next();
  }

  private watch(job: Stopwatch, waitMs: number): void {
    const { deadlineMs } = this.options;
    this.timer = setTimeout(() => {
      const left = Math.min(deadlineMs - job.computedMs(), 10 * deadlineMs - job.elapsedMs());
      if (left > 0) this.watch(job, Math.max(left, MIN_WAIT_MS));
      else void this.end(new WorkerJobEnded(`longer than ${String(deadlineMs)} ms`));
    }, waitMs);
  }

  private stopClock(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  /** Ends the thread, and with it its job; before it came up, all that wait for it. */
  private async end(error: Error): Promise<void> {
    const { worker, current, isUp } = this;
    this.stopClock();
    this.worker = null;
    this.isUp = false;
    this.current = null;
    current?.reject(error);
    if (!isUp && worker !== null) this.refuseAll();
    const ended = worker?.terminate();
    this.next();
    await ended;
  }

  private refuseAll(): void {
    for (const { patience, reject } of this.waiting.splice(0)) {
      clearTimeout(patience);
      reject(new WorkerJobEnded('the thread does not start'));
    }
  }
}
