import type { Gateway, Prompt, Resource, Tool } from '../kernel/catalog.js';
import { runsOnlyAsTask } from '../kernel/core-tasks.js';
import { type Era } from '../kernel/mcp.js';
import { type MirroredParam, mirroredParams } from '../kernel/mirrored-params.js';
import { compileTemplate, type UriTemplate } from '../kernel/uri-template.js';
import type { Item, PromptEntry, ToolEntry } from './entries.js';
import { membersOf, promptText, toolText } from './item-text.js';
import { type Slot, slotOf } from './name-table.js';
import type { ArgumentSchema } from './schema/argument-schema.js';
import { KeptItems } from './kept-items.js';
import type { ShownUris } from './shown-uris.js';
import { toolView } from './views/tool-view.js';

/*
 * An item with its Gateway, as Snapshots hold it. A row lives as long as both records are the same, over as
 * many Snapshots as that may be; what is made of the item alone outlives a change of its Gateway.
 */

const UNMARKED: readonly MirroredParam[] = [];

/** What is made of a tool when first needed. */
class MadeOfTool {
  readonly kept = new KeptItems();
  private compiled: ArgumentSchema | undefined;
  private marks: readonly MirroredParam[] | undefined;

  constructor(
    private readonly item: Tool,
    private readonly compile: (schemaText: string) => ArgumentSchema,
  ) {}

  readonly schema = (): ArgumentSchema => (this.compiled ??= this.compile(this.schemaText()));

  /** Few tools mark anything: only those are parsed. */
  mirrored(): readonly MirroredParam[] {
    return (this.marks ??= this.item.definition.includes('x-mcp-header')
      ? mirroredParams(JSON.parse(this.schemaText())).params
      : UNMARKED);
  }

  private schemaText(): string {
    return membersOf(this.item.definition).raw('inputSchema') ?? '{}';
  }
}

export class ToolRow {
  private taskOnly: boolean | undefined;
  private readonly wideKept = new KeptItems();
  private plain: Slot<ToolEntry, ToolRow> | undefined;

  private constructor(
    readonly item: Tool,
    readonly gateway: Gateway,
    private readonly made: MadeOfTool,
  ) {}

  static of(
    item: Tool,
    gateway: Gateway,
    compile: (schemaText: string) => ArgumentSchema,
  ): ToolRow {
    return new ToolRow(item, gateway, new MadeOfTool(item, compile));
  }

  withGateway(gateway: Gateway): ToolRow {
    return new ToolRow(this.item, gateway, this.made);
  }

  /** Which arguments its calls repeat in the head, by what the upstream's own list says now. */
  mirrored(): readonly MirroredParam[] {
    return this.made.mirrored();
  }

  /** Its place in a table of names; the same object wherever it is shown by its own name and URIs. */
  slot(shownName: string, uris: ShownUris | null): Slot<ToolEntry, ToolRow> {
    if (uris !== null || shownName !== this.item.name) return this.makeSlot(shownName, uris);
    return (this.plain ??= this.makeSlot(shownName, null));
  }

  /** As clients of that era see it in lists, but for the URIs. */
  shown(shownName: string, era: Era): Item {
    const upstream = this.gateway.era;
    const form = era === 'legacy' && upstream === 'modern' ? 'modern for legacy' : era;
    const { kept } = this.made;
    return (
      kept.get(shownName, form) ??
      kept.keep(form, [shownName, toolText(this.item, shownName, era, upstream)])
    );
  }

  /** As its upstream wrote it, and every key of the REST view that the definition has not. */
  wide(shownName: string): Item {
    const known = this.wideKept.get(shownName, 'wide');
    return known ?? this.wideKept.keep('wide', [shownName, this.wideText(shownName)]);
  }

  private wideText(shownName: string): string {
    const shown = membersOf(toolText(this.item, shownName, 'legacy'));
    const more = Object.entries(toolView(this.item, this.gateway)).filter(
      ([key]) => !shown.has(key),
    );
    return shown.spliced(new Map(more.map(([key, value]) => [key, JSON.stringify(value)])));
  }

  private makeSlot(shownName: string, uris: ShownUris | null): Slot<ToolEntry, ToolRow> {
    const { item: tool, gateway } = this;
    const { schema } = this.made;
    const isTaskOnly = (): boolean =>
      (this.taskOnly ??= runsOnlyAsTask(this.item.definition, this.gateway));
    return slotOf({ tool, gateway, shownName, uris, schema, isTaskOnly }, this);
  }
}

export class PromptRow {
  private plain: Slot<PromptEntry, PromptRow> | undefined;

  constructor(
    readonly item: Prompt,
    readonly gateway: Gateway,
    private readonly kept = new KeptItems(),
  ) {}

  withGateway(gateway: Gateway): PromptRow {
    return new PromptRow(this.item, gateway, this.kept);
  }

  /** As that of a tool. */
  slot(shownName: string, uris: ShownUris | null): Slot<PromptEntry, PromptRow> {
    if (uris !== null || shownName !== this.item.name) return this.makeSlot(shownName, uris);
    return (this.plain ??= this.makeSlot(shownName, null));
  }

  shown(shownName: string): Item {
    const known = this.kept.get(shownName, '');
    return known ?? this.kept.keep('', [shownName, promptText(this.item, shownName)]);
  }

  private makeSlot(shownName: string, uris: ShownUris | null): Slot<PromptEntry, PromptRow> {
    return slotOf({ prompt: this.item, gateway: this.gateway, shownName, uris }, this);
  }
}

export class ResourceRow {
  constructor(
    readonly item: Resource,
    readonly gateway: Gateway,
    private compiled?: UriTemplate | null,
  ) {}

  withGateway(gateway: Gateway): ResourceRow {
    return new ResourceRow(this.item, gateway, this.compiled);
  }

  /** The matcher of a template; `undefined` when it is none, or cannot be matched. */
  template(): UriTemplate | undefined {
    if (this.compiled === undefined)
      this.compiled = (this.item.isTemplate ? compileTemplate(this.item.uri) : undefined) ?? null;
    return this.compiled ?? undefined;
  }
}
