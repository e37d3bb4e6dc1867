import { Controller, Get, Header, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Public, RequirePermission } from '../../auth/permission.decorator.js';
import type { ControlRequest } from '../../kernel/control-request.js';
import type { View } from '../../registry/views/common-view.js';
import { type Asked, AskedBy } from '../asked.decorator.js';
import { Unrepeated } from '../unrepeated.decorator.js';
import { LoginDoor } from './login-door.service.js';

/** Logging in to upstreams: a person begins, goes to the authorization server and comes back. */
@Controller()
export class LoginsController {
  constructor(private readonly door: LoginDoor) {}

  // The cookie and the state of an answer are one browser's, and once.
  @Unrepeated()
  @RequirePermission('gateways.update')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @Post('gateways/:id/oauth/login')
  async login(
    @Param('id') id: string,
    @AskedBy() asked: Asked,
    @Res({ passthrough: true }) response: Response,
  ): Promise<View> {
    const { body, cookie } = await this.door.begin(id, asked);
    response.setHeader('Set-Cookie', cookie);
    return body;
  }

  /** Whoever comes without the cookie of the login, or the credential that began it, is refused. */
  @Public()
  @Header('Cache-Control', 'no-store')
  @Header('Content-Type', 'text/plain; charset=utf-8')
  @Get('oauth/callback')
  callback(
    @Query() query: Record<string, unknown>,
    @Req() request: Request & ControlRequest,
  ): Promise<string> {
    return this.door.finish(query, request, request.caller);
  }

  @Public()
  @Get('oauth/client-metadata.json')
  document(@Req() request: Request): View {
    return this.door.document(request);
  }
}
