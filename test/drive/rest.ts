/** JSON that a test looks into without describing it: as loose as `JSON.parse` itself. */
export type Loose = ReturnType<typeof JSON.parse>;

/** What came back, already read. */
export interface RestAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; throws when it is none. */
  json(): Loose;
}

/** A client of the control plane: `await rest('POST', '/gateways', { name, url })`. */
export type Rest = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<RestAnswer>;

/** Reads a response whole. */
export async function answerOf(response: Response): Promise<RestAnswer> {
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: (): Loose => JSON.parse(text),
  };
}

/** @param token `null` for no credential at all */
export function restClient(base: string, token: string | null): Rest {
  return async (method, path, body, headers = {}) => {
    const sent = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(base + path, {
      method,
      redirect: 'manual',
      headers: {
        ...(sent === null ? {} : { 'content-type': 'application/json' }),
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      body: sent,
    });
    return answerOf(response);
  };
}
