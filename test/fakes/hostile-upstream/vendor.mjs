/** Methods that no revision of MCP knows. */
export const VENDOR_METHODS = {
  'acme/echo'(call, params) {
    const echoed = { ...params };
    delete echoed._meta;
    call.result({ echoed, x: null });
  },
  'acme/steps'(call) {
    call.progress(1, 2);
    call.notify('notifications/acme/step', { n: 1 });
    call.result({ done: true });
  },
  'acme/hang'() {
    // never answers
  },
};
