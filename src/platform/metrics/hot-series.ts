import type { Outcome } from '../../kernel/call.js';
import type { Cell, Timing } from './families.js';
import { OTHER } from './families.js';
import type { Families } from './family-table.js';

/** `cancelled` has no status of its own in the contract: nobody got an answer. */
const STATUS: Readonly<Record<Outcome, string>> = {
  success: 'success',
  error: 'error',
  timeout: 'timeout',
  denied: 'denied',
  rate_limited: 'rate_limited',
  cancelled: 'error',
};

class ToolSeries {
  private readonly cells = new Map<Outcome, Cell>();
  private readonly timing: Timing;

  constructor(
    private readonly families: Families,
    private readonly tool: string,
    private readonly gateway: string,
  ) {
    this.timing = families.toolSeconds.at(tool, gateway, 'mcp');
  }

  count(outcome: Outcome, seconds: number): void {
    const cell = this.cells.get(outcome) ?? this.cellOf(outcome);
    cell.value += 1;
    this.timing.observe(seconds);
  }

  private cellOf(outcome: Outcome): Cell {
    const cell = this.families.toolCalls.at(this.tool, this.gateway, STATUS[outcome]);
    this.cells.set(outcome, cell);
    return cell;
  }
}

/** Finds the series of a tool by table; tools beyond the limit share one series per gateway. */
export class ToolTable {
  private readonly gateways = new Map<string, Map<string, ToolSeries>>();
  private size = 0;

  constructor(
    private readonly families: Families,
    private readonly maxTools: number,
  ) {}

  of(tool: string, gateway: string): ToolSeries {
    return this.gateways.get(gateway)?.get(tool) ?? this.make(tool, gateway);
  }

  forget(gateway: string): void {
    const tools = this.gateways.get(gateway);
    if (!tools) return;
    this.size -= tools.size - (tools.has(OTHER) ? 1 : 0);
    this.gateways.delete(gateway);
  }

  private make(tool: string, gateway: string): ToolSeries {
    let tools = this.gateways.get(gateway);
    if (!tools) this.gateways.set(gateway, (tools = new Map<string, ToolSeries>()));
    const isOther = this.size >= this.maxTools;
    const name = isOther ? OTHER : tool;
    const shared = tools.get(name);
    if (shared) return shared;
    const series = new ToolSeries(this.families, name, gateway);
    tools.set(name, series);
    if (!isOther) this.size += 1;
    return series;
  }
}

interface McpSeries {
  readonly cell: Cell;
  readonly timing: Timing;
}

/** Methods are words of the client until the dispatcher knows them: never more labels than this. */
const MAX_METHODS = 100;

/** Finds the series of an MCP request by table. */
export class McpTable {
  private readonly methods = new Map<string, Map<string, Map<string, McpSeries>>>();

  constructor(private readonly families: Families) {}

  of(method: string, transport: string, outcome: string): McpSeries {
    return (
      this.methods.get(method)?.get(transport)?.get(outcome) ??
      this.make(method, transport, outcome)
    );
  }

  private make(method: string, transport: string, outcome: string): McpSeries {
    const isNew = !this.methods.has(method);
    const name = isNew && this.methods.size >= MAX_METHODS ? OTHER : method;
    const byOutcome = inner(inner(this.methods, name), transport);
    const found = byOutcome.get(outcome);
    if (found) return found;
    const labels = [name, transport, 'legacy', outcome];
    const series = {
      cell: this.families.mcpRequests.at(...labels),
      timing: this.families.mcpSeconds.at(...labels),
    };
    byOutcome.set(outcome, series);
    return series;
  }
}

function inner<V>(map: Map<string, Map<string, V>>, key: string): Map<string, V> {
  const found = map.get(key);
  if (found) return found;
  const made = new Map<string, V>();
  map.set(key, made);
  return made;
}
