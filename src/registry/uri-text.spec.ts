import { aGateway, aResource } from '../../test/builders/catalog.js';
import { ownUri, placeResources, shownUri } from './resource-places.js';
import { ResourceRow } from './rows.js';
import { type ShownUris, urisByGateway } from './shown-uris.js';
import { withShownApp, withShownUris } from './uri-text.js';

const first = aGateway({ name: 'first' });
const later = aGateway({ name: 'later' });
const row = (gateway: typeof first, uri: string, isTemplate = false): ResourceRow =>
  new ResourceRow(aResource({ gatewayId: gateway.id, uri, isTemplate }), gateway);
const places = placeResources(
  [
    ...[row(first, 'ui://a/b'), row(first, 'x://one'), row(first, 'x://t/{id}', true)],
    ...[row(later, 'ui://a/b'), row(later, 'x://own'), row(later, 'x://t/{id}', true)],
  ],
  true,
);
const uris = urisByGateway(places).get(later.id) as ShownUris;

describe('shown URIs', () => {
  it('keep the scheme of apps in front, and lead back', () => {
    for (const [uri, shown] of [
      ['ui://a/b', 'ui://later+a/b'],
      ['x://one', 'later+x://one'],
    ] as const) {
      expect(shownUri('later', uri)).toBe(shown);
      expect(ownUri('later', shown)).toBe(uri);
      expect(ownUri('other', shown)).toBeUndefined();
      expect([shownUri('', uri), ownUri('', uri)]).toEqual([uri, uri]);
    }
  });

  it('are those of the gateway that comes later', () => {
    expect(urisByGateway(places).has(first.id)).toBe(false);
    expect(['ui://a/b', 'x://own', 'x://t/7', 'x://none'].map((uri) => uris.of(uri))).toEqual([
      'ui://later+a/b',
      'x://own',
      'later+x://t/7',
      'x://none',
    ]);
  });
});

describe('texts with shown URIs', () => {
  it('name the page of a tool as it can be read, in both spellings', () => {
    const tool =
      '{"name":"x","_meta":{"n":1.0,"ui":{"resourceUri":"ui://a/b","v":12345678901234567890}}}';
    expect(withShownApp(tool, uris)).toBe(tool.replace('ui://a', 'ui://later+a'));
    expect(withShownApp(tool, null)).toBe(tool);
    const flat = '{"_meta":{"ui/resourceUri":"ui://a/b"}}';
    expect(withShownApp(flat, uris)).toBe('{"_meta":{"ui/resourceUri":"ui://later+a/b"}}');
  });

  it.each([
    ['{"content":[{"type":"resource_link","uri":"ui://a/b","n":1.0},1]}'],
    [
      '{"content":[{"type":"resource","resource":{"uri":"ui://a/b","text":"ui://a/b".0}}]}'.replace(
        '.0',
        '',
      ),
    ],
    ['{"contents":[{"uri":"ui://a/b","blob":""}],"big":12345678901234567890}'],
    ['{"messages":[{"role":"user","content":{"type":"resource_link","uri":"ui://a/b"}}]}'],
    ['{"messages":[{"content":[{"type":"resource_link","uri":"ui://a/b"}]},null]}'],
    ['{"content":[],"_meta":{"ui":{"resourceUri":"ui://a/b"}}}'],
  ])('differ from what came in nothing else: %s', (text) => {
    const wanted = text.replace(/([Uu]ri":")ui:\/\/a/, '$1ui://later+a');
    expect(withShownUris(text, uris)).toBe(wanted);
  });

  it.each([
    '[{"uri":"ui://a/b"}]',
    '{"content":[{"type":"text","text":"\\"uri\\": ui://a/b"}]}',
    '{"content":[{"type":"other","uri":"ui://a/b"}],"structuredContent":{"uri":"ui://a/b"}}',
    '{"contents":[{"uri":7}]}',
  ])('stay as they came where no URI of ours stands: %s', (text) => {
    expect(withShownUris(text, uris)).toBe(text);
  });
});
