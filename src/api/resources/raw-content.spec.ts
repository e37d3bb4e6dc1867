import express from 'express';
import request from 'supertest';
import { GatewayError } from '../../kernel/errors.js';
import { rawContent, sendContent } from './raw-content.js';

describe('raw content', () => {
  it('is the text as UTF-8, or the blob, under the type of the read or of the catalog', () => {
    expect(rawContent({ text: 'é', mimeType: 'text/markdown' }, 'text/plain')).toEqual({
      bytes: Buffer.from('é'),
      mimeType: 'text/markdown',
    });
    const bytes = Buffer.from([0, 1, 2, 255]);
    expect(rawContent({ blob: 'AAEC/w==' }, 'image/png')).toEqual({ bytes, mimeType: 'image/png' });
    expect(rawContent({ blob: 'AAEC/w==' }, null).mimeType).toBe('application/octet-stream');
  });

  it.each(['text/html\r\nx-evil: 1', 'html', 7, 'text/html; a'])(
    'takes no %p for a type',
    (said) => {
      expect(rawContent({ text: 'x', mimeType: said }, null).mimeType).toBe('text/plain');
    },
  );

  it('is a fault of the upstream where there is none', () => {
    expect(() => rawContent({}, null)).toThrow(GatewayError);
  });

  describe('is sent', () => {
    const app = express().get('/', (_request, response) => {
      try {
        sendContent(response, { bytes: Buffer.from('0123456789'), mimeType: 'text/x-ten' });
      } catch (e) {
        if (!(e instanceof GatewayError)) throw e;
        response.status(e.row.status).set(e.extras.headers).end();
      }
    });
    const get = (headers: Record<string, string> = {}) => request(app).get('/').set(headers);

    it('whole, to be kept and asked for again', async () => {
      const { headers, text } = await get().expect(200);
      expect(text).toBe('0123456789');
      expect(headers).toMatchObject({
        'content-type': 'text/x-ten',
        'content-disposition': 'attachment',
        'content-length': '10',
        'cache-control': 'no-cache',
        'accept-ranges': 'bytes',
        etag: expect.stringMatching(/^"[0-9a-f]{64}"$/),
      });
      await request(app).head('/').expect(200).expect('content-length', '10');
    });

    it('not again to who has it', async () => {
      const etag = String((await get()).headers['etag']);
      const again = await get({
        'if-none-match': `"x", W/${etag}`,
        'cache-control': 'no-cache',
      }).expect(304);
      expect(again.headers).not.toHaveProperty('content-type');
      await get({ 'if-none-match': '"other"' }).expect(200);
    });

    it.each([
      ['bytes=2-4', '234', 'bytes 2-4/10'],
      ['bytes=-3', '789', 'bytes 7-9/10'],
      ['bytes=8-', '89', 'bytes 8-9/10'],
      ['bytes=5-99', '56789', 'bytes 5-9/10'],
    ])('in part for %s', async (range, text, contentRange) => {
      const part = await get({ range }).expect(206).expect('content-range', contentRange);
      expect(part.text).toBe(text);
    });

    it.each(['bytes=1-2,4-5', 'lines=1-2', 'bytes=x'])('whole for %s', async (range) => {
      expect((await get({ range }).expect(200)).text).toBe('0123456789');
    });

    it('whole where the part is of something else by now', async () => {
      await get({ range: 'bytes=0-1', 'if-range': '"old"' }).expect(200);
      const etag = String((await get()).headers['etag']);
      await get({ range: 'bytes=0-1', 'if-range': etag }).expect(206);
    });

    it('not at all beyond its end', async () => {
      await get({ range: 'bytes=10-' }).expect(416).expect('content-range', 'bytes */10');
    });
  });
});
