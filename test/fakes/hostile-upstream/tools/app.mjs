export const APP_URI = 'ui://app/view.html?x=1';

/** Tools that are listed only where they are asked for. */
export const app = {
  /** What older revisions do not know. */
  media: (call) =>
    call.result({
      content: [
        { type: 'audio', data: 'AAAA', mimeType: 'audio/wav' },
        { type: 'resource_link', uri: 'test://one', name: 'one', title: 'The one' },
      ],
      structuredContent: { n: 1 },
      isError: false,
    }),
  /** It has a page of its own (MCP Apps). */
  app(call) {
    const resource = { uri: APP_URI, mimeType: 'text/html', text: '<p>1</p>' };
    call.result({
      content: [
        { type: 'resource_link', uri: APP_URI, name: 'view' },
        { type: 'resource_link', uri: 'https://example.com/', name: 'elsewhere' },
        { type: 'resource', resource },
      ],
    });
  },
};
