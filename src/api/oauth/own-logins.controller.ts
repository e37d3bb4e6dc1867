import {
  Controller,
  Delete,
  Get,
  Header,
  HttpCode,
  Param,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import { AnyPrincipal, Public, RequirePermission } from '../../auth/permission.decorator.js';
import type { ControlRequest } from '../../kernel/control-request.js';
import type { View } from '../../registry/views/common-view.js';
import { type Asked, AskedBy } from '../asked.decorator.js';
import { readForm } from '../body/read-form.js';
import { Unrepeated } from '../unrepeated.decorator.js';
import { LoginPage, type LoginPageAnswer } from './login-page.service.js';
import { OwnLogins } from './own-logins.service.js';

const MAX_FORM_BYTES = 16_384;

/** A person logs in to upstreams for itself, and out again. */
@Controller('oauth')
export class OwnLoginsController {
  constructor(
    private readonly logins: OwnLogins,
    private readonly page: LoginPage,
  ) {}

  @AnyPrincipal()
  @Get('logins')
  list(@AskedBy() asked: Asked): Promise<View[]> {
    return this.logins.list(asked);
  }

  // The cookie and the state of an answer are one browser's, and once.
  @Unrepeated()
  @RequirePermission('gateways.read')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @Post('logins/:id')
  async begin(
    @Param('id') id: string,
    @AskedBy() asked: Asked,
    @Res({ passthrough: true }) response: Response,
  ): Promise<View> {
    const { cookie, ...body } = await this.logins.begin(id, asked);
    response.setHeader('Set-Cookie', cookie);
    return body;
  }

  @AnyPrincipal()
  @HttpCode(204)
  @Delete('logins/:id')
  end(@Param('id') id: string, @AskedBy() asked: Asked): Promise<void> {
    return this.logins.end(id, asked);
  }

  /** Where a client sends its person; who that is it finds out itself. */
  @Public()
  @Get('login')
  async open(
    @Query('ticket') ticket: unknown,
    @Req() request: Request & ControlRequest,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    const given = typeof ticket === 'string' ? ticket : '';
    return sent(await this.page.open(given, request, request.caller), response);
  }

  @Unrepeated()
  @Public()
  @Post('login')
  async submit(
    @Req() request: Request & ControlRequest,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    const form = await readForm(request, MAX_FORM_BYTES);
    const of = (name: string): string => form.get(name) ?? '';
    const filled = { ticket: of('ticket'), user: of('user'), secret: of('secret') };
    return sent(await this.page.submit(filled, request, request.clientIp ?? ''), response);
  }
}

function sent({ status, headers, html }: LoginPageAnswer, response: Response): string {
  response.status(status).setHeader('Content-Type', 'text/html; charset=utf-8');
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  return html;
}
