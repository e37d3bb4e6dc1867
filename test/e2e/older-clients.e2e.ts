import type { HttpClient } from '../drive/http-client.js';
import type { Loose } from '../drive/rest.js';
import { aWorld, type World } from '../drive/world.js';

const LINK = { type: 'resource_link', uri: 'test://one', name: 'one', title: 'The one' };
const AUDIO = { type: 'audio', data: 'AAAA', mimeType: 'audio/wav' };
const RESOURCE = {
  type: 'resource',
  resource: { uri: 'urn:mcpgateway:audio', mimeType: 'audio/wav', blob: 'AAAA' },
};
const LINK_TEXT = { type: 'text', text: 'The one (test://one)' };

/** PROTOCOL.md §5.7: legacy clients get what their revision knows. */
describe('a client of an older revision', () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld({ upstream: { only: ['media', 'echo', 'structured'] } });
  });
  afterAll(() => world.end());
  const opened = async (revision: string): Promise<HttpClient> => {
    const client = world.client();
    const { answer } = await client.initialize({}, revision);
    expect(answer?.result.protocolVersion).toBe(revision);
    return client;
  };

  describe.each([
    ['2024-11-05', [RESOURCE, LINK_TEXT]],
    ['2025-03-26', [AUDIO, LINK_TEXT]],
    ['2025-06-18', [AUDIO, LINK]],
    ['2025-11-25', [AUDIO, LINK]],
  ])('(%s)', (revision, content) => {
    it('lists, calls, and gets content that it can read', async () => {
      const client = await opened(revision);
      const tools = (await client.request('tools/list')).answer?.result.tools as Loose[];
      expect(tools.map((t) => t.name)).toContain('kit-media');
      const { answer } = await client.call('kit-media');
      expect(answer?.result).toEqual({ content, structuredContent: { n: 1 }, isError: false });
    });

    it('gets members that nobody knows as they are', async () => {
      const client = await opened(revision);
      const { answer } = await client.call('kit-structured');
      expect(answer?.result).toMatchObject({
        'x-unknown': { keep: 'me' },
        content: [{ type: 'text', text: 'A/😀' }],
        structuredContent: { z: 1 },
      });
    });

    it('is told of arguments that do not fit in the way of its revision', async () => {
      const client = await opened(revision);
      const { answer } = await client.call('kit-echo', { message: 7 });
      if (revision === '2025-11-25') expect(answer?.result.isError).toBe(true);
      else expect(answer?.error?.code).toBe(-32602);
    });
  });
});
