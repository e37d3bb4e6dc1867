import { Injectable } from '@nestjs/common';
import { Log } from '../log/log.js';

type Listener = (message: unknown) => void;

/**
 * Events within one process. Delivered after the publisher's own step, as a bus between processes
 * would; messages must not be changed afterwards.
 */
@Injectable()
export class MemoryBus {
  private readonly topics = new Map<string, Set<Listener>>();

  constructor(private readonly log: Log) {}

  publish(topic: string, message: unknown): void {
    if (!this.topics.has(topic)) return;
    queueMicrotask(() => {
      for (const listener of [...(this.topics.get(topic) ?? [])]) {
        this.deliver(topic, listener, message);
      }
    });
  }

  /** @returns ends the subscription; may be called twice */
  subscribe(topic: string, listener: Listener): () => void {
    const listeners = this.topics.get(topic) ?? new Set();
    this.topics.set(topic, listeners);
    // Wrapped, so that the same function subscribed twice is two subscriptions.
    const own: Listener = (message) => {
      listener(message);
    };
    listeners.add(own);
    return () => {
      listeners.delete(own);
      if (listeners.size === 0 && this.topics.get(topic) === listeners) this.topics.delete(topic);
    };
  }

  private deliver(topic: string, listener: Listener, message: unknown): void {
    try {
      listener(message);
    } catch (err) {
      this.log.error({ event: 'bus.listener_failed', topic, err });
    }
  }
}
