export const APP_URI = 'ui://app/view.html?x=1';

/** A tool with a page of its own (MCP Apps); it is listed only where it is asked for. */
export const app = {
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
