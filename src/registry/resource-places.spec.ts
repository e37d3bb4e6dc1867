import { aGateway, aResource, aServer } from '../../test/builders/catalog.js';
import { buildSnapshot } from './catalog.snapshot.js';
import { buildView } from './catalog-view.js';
import { shadows } from './resource-places.js';
import { visibilityOf } from './visibility.js';
import { aCaller } from '../../test/builders/caller.js';
import { LightSchema } from './schema/argument-schema.js';
import { SchemaThread } from './schema/schema-thread.js';

describe('resources of several gateways', () => {
  const old = aGateway({ name: 'old', slug: 'old', createdAt: '2026-01-01T00:00:00.000Z' });
  const young = aGateway({ name: 'young', slug: 'young', createdAt: '2026-01-02T00:00:00.000Z' });
  const of = (gateway: typeof old, uri: string, isTemplate = false) =>
    aResource({
      gatewayId: gateway.id,
      uri,
      isTemplate,
      definition: JSON.stringify(isTemplate ? { uriTemplate: uri, name: 'n' } : { uri, name: 'n' }),
    });
  const first = of(old, 'x://one');
  const second = of(young, 'x://one');
  const template = of(old, 'x://t/{id}', true);
  const twin = of(young, 'x://t/{id}', true);
  const page = of(old, 'ui://app');
  const otherPage = of(young, 'ui://app');
  const server = aServer({ resourceIds: [first.id, second.id, template.id, twin.id] });
  const snapshot = buildSnapshot(
    {
      gateways: [young, old],
      resources: [second, first, twin, template, otherPage, page],
      tools: [],
      prompts: [],
      servers: [server],
    },
    {
      separator: '-',
      serverInfo: '{}',
      hintLimits: { maxTtlMs: 0, isOpen: false },
      compile: (text) => new LightSchema(text, new SchemaThread()),
    },
  );
  const everyone = visibilityOf(aCaller());

  it('are answered by the first registered globally', () => {
    const view = buildView(snapshot, everyone, null);
    expect(view.resource('x://one').gateway.name).toBe('old');
    expect(view.resource('x://t/7')).toMatchObject({ upstreamUri: 'x://t/7', uris: null });
    expect(view.listText('resources', 'legacy')).toBe(
      '{"resources":[{"uri":"ui://app","name":"n"},{"uri":"ui://young+app","name":"n"},{"uri":"x://one","name":"n"}]}',
    );
    expect(() => view.resource('x://none')).toThrow('Resource not found: x://none');
  });

  it('are both there globally when they are pages of apps, each where the tools of its gateway lead', () => {
    const view = buildView(snapshot, everyone, null);
    expect(view.resource('ui://app').gateway.name).toBe('old');
    expect(view.resource('ui://young+app')).toMatchObject({
      upstreamUri: 'ui://app',
      gateway: { name: 'young' },
    });
    expect(view.uris(old.id)).toBeNull();
    expect(['ui://app', 'x://one'].map((uri) => view.uris(young.id)?.of(uri))).toEqual([
      'ui://young+app',
      'x://one',
    ]);
    expect([...shadows(snapshot.resources.values()).keys()].sort()).toEqual(
      [second.id, twin.id].sort(),
    );
  });

  it('carry the slug of the later one in a server that holds both', () => {
    const view = buildView(snapshot, everyone, server);
    expect(view.resource('young+x://one')).toMatchObject({
      upstreamUri: 'x://one',
      gateway: { name: 'young' },
    });
    const { uris } = view.resource('young+x://one');
    expect(['x://one', 'x://t/7', 'x://other'].map((uri) => uris?.of(uri))).toEqual([
      'young+x://one',
      'young+x://t/7',
      'x://other',
    ]);
    const [old, young] = [
      view.resource('x://one').gateway.id,
      view.resource('young+x://one').gateway.id,
    ];
    expect([view.uris(old), view.uris(young)]).toEqual([null, uris]);
    expect(view.resource('x://one').uris).toBeNull();
    expect(view.resource('young+x://t/7')).toMatchObject({
      gateway: { name: 'young' },
      upstreamUri: 'x://t/7',
    });
    expect(view.resource('x://t/7').gateway.name).toBe('old');
    expect(view.listText('resourceTemplates', 'legacy')).toContain(
      '"uriTemplate":"young+x://t/{id}"',
    );
  });
});
