import { Gate } from '../kernel/gate.js';
import type { ToolId } from '../kernel/ids.js';

/** Beyond this many, gates that nobody uses go. */
const MAX_GATES = 10_000;

/** The calls of each tool that run at the same time (`TOOL_CONCURRENT_LIMIT`). */
export class ToolGates {
  private readonly gates = new Map<ToolId, Gate>();

  constructor(private readonly limit: number) {}

  of(id: ToolId): Gate {
    return this.gates.get(id) ?? this.open(id);
  }

  private open(id: ToolId): Gate {
    if (this.gates.size >= MAX_GATES) this.evict();
    const gate = new Gate(this.limit);
    this.gates.set(id, gate);
    return gate;
  }

  /** Two that are idle go for each that comes, so that the map shrinks again. */
  private evict(): void {
    let looked = 0;
    for (const [id, gate] of this.gates) {
      if (gate.isIdle) this.gates.delete(id);
      if (++looked === 2) return;
    }
  }
}
