import type { GatewayId } from '../kernel/ids.js';
import type { ListPage, ListQuery } from '../registry/listing.js';
import { Answer } from './answer.js';
import type { View } from '../registry/views/common-view.js';
import { Query } from './query.js';

/** How a list leaves. */
export interface ListShape {
  /** `{"<kind>":[…],"nextCursor","total"}` instead of a bare array. */
  readonly isWrapped: boolean;
  /** Only these keys, and `id`; `null` = all. */
  readonly fields: ReadonlySet<string> | null;
  /** Whether `metrics` and `executionCount` are among them. */
  readonly hasMetrics: boolean;
}

export interface ListRequest {
  readonly query: ListQuery;
  readonly shape: ListShape;
}

/**
 * Reads the parameters that all lists share (API.md §1.5).
 * @param gatewayIdOf id of the Gateway with this id, name or slug; `undefined` = there is none
 * @param executions how often a record was used
 * @throws GatewayError `validation_failed`
 */
export function readListRequest(
  parameters: Readonly<Record<string, unknown>>,
  gatewayIdOf: (text: string) => GatewayId | undefined,
  executions?: (id: string) => number,
): ListRequest {
  const from = new Query(parameters);
  const q = from.text('q');
  if (q !== undefined && q.length > 200)
    from.fault('q', 'Input should have at most 200 characters', 'string_too_long');
  if (from.text('apijsonpath') !== undefined)
    from.fault('apijsonpath', 'JSONPath is not served by this version yet', 'not_supported');
  const gateway = from.text('gateway_id');
  const fields = from.list('fields');
  const request: ListRequest = {
    query: {
      includeInactive: from.flag('include_inactive'),
      tags: tagsOf(from, 'tags'),
      tagsAll: tagsOf(from, 'tags_all'),
      q: q === '' ? undefined : q,
      // A Gateway that does not exist has no records: its text matches nothing.
      gatewayId:
        gateway === 'null' ? null : gateway && (gatewayIdOf(gateway) ?? unknownId(gateway)),
      enabled: from.flag('enabled'),
      reachable: from.flag('reachable'),
      sort: from.text('sort'),
      limit: from.whole('limit', 0, 1000),
      cursor: from.text('cursor'),
      ...(executions === undefined ? {} : { executions }),
    } as ListQuery,
    shape: {
      isWrapped: from.flag('include_pagination') ?? false,
      fields: fields.length === 0 ? null : new Set(['id', ...fields]),
      hasMetrics: from.flag('include_metrics') ?? true,
    },
  };
  from.check();
  return request;
}

const unknownId = (text: string): GatewayId => text as GatewayId;

function tagsOf(from: Query, name: string): string[] | undefined {
  const tags = from.list(name).map((tag) => tag.toLowerCase().replace(/\s+/g, '-'));
  return tags.length === 0 ? undefined : tags;
}

/** @param kind key of the records in the wrapped form */
export function listAnswer<T>(
  kind: string,
  page: ListPage<T>,
  shape: ListShape,
  toView: (item: T) => View,
): Answer {
  const views = page.items.map((item) => chosen(toView(item), shape));
  const { nextCursor, total } = page;
  return new Answer(shape.isWrapped ? { [kind]: views, nextCursor, total } : views, { nextCursor });
}

const METRICS: readonly string[] = ['metrics', 'executionCount'];

function chosen(view: View, { fields, hasMetrics }: ListShape): View {
  if (fields === null && hasMetrics) return view;
  return Object.fromEntries(
    Object.entries(view).filter(
      ([key]) => (fields?.has(key) ?? true) && (hasMetrics || !METRICS.includes(key)),
    ),
  );
}
