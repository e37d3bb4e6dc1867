import { Injectable } from '@nestjs/common';
import type { GatewayId } from '../../kernel/ids.js';

/** What a process of a Gateway wrote to stderr. */
export interface ProcessOutput {
  readonly pid: number | null;
  /** ISO 8601 UTC. */
  readonly startedAt: string;
  /** `null` while it runs. */
  readonly endedAt: string | null;
  /** Its end, without secrets. */
  readonly stderr: string;
}

/** A running process. */
export interface Writer {
  readonly output: ProcessOutput;
}

/** Gateways whose last failed process is remembered. */
const MAX_KEPT = 256;

/** The stderr of the processes of STDIO Gateways (PROTOCOL.md §7.3): of those that run, and the last that ended by itself. */
@Injectable()
export class ProcessOutputs {
  private readonly running = new Map<GatewayId, Set<Writer>>();
  private readonly kept = new Map<GatewayId, ProcessOutput>();
  private listener: ((chunk: Buffer) => void) | null = null;

  /** All that any process writes is told, as it comes. */
  follow(listener: (chunk: Buffer) => void): void {
    this.listener = listener;
  }

  wrote(chunk: Buffer): void {
    this.listener?.(chunk);
  }

  started(id: GatewayId, writer: Writer): void {
    const writers = this.running.get(id) ?? new Set();
    this.running.set(id, writers.add(writer));
  }

  stopped(id: GatewayId, writer: Writer): void {
    const writers = this.running.get(id);
    writers?.delete(writer);
    if (writers?.size === 0) this.running.delete(id);
  }

  /** One has ended by itself. */
  keep(id: GatewayId, output: ProcessOutput): void {
    this.kept.delete(id);
    this.kept.set(id, output);
    const [oldest] = this.kept.keys();
    if (this.kept.size > MAX_KEPT && oldest !== undefined) this.kept.delete(oldest);
  }

  /** The oldest first. */
  of(id: GatewayId): readonly ProcessOutput[] {
    const kept = this.kept.get(id);
    const running = [...(this.running.get(id) ?? [])].map(({ output }) => output);
    return kept === undefined ? running : [kept, ...running];
  }

  /** The Gateway was changed or is gone. */
  forget(id: GatewayId): void {
    this.kept.delete(id);
  }
}
