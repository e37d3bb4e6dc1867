import { Controller, Delete, Get, HttpCode, Param, Patch, Post, Put } from '@nestjs/common';
import type { RefreshResult } from '../../federation/refresh-result.js';
import { RequirePermission } from '../../auth/permission.decorator.js';
import type { Answer } from '../answer.js';
import { type Asked, AskedBy, WantedState } from '../asked.decorator.js';
import { JsonBody } from '../body/json-body.decorator.js';
import type { View } from '../../registry/views/common-view.js';
import {
  GATEWAY_PATCH,
  type GatewayBody,
  NEW_GATEWAY,
  type NewGatewayBody,
} from './gateway-body.js';
import { GatewayDoor } from './gateway-door.service.js';
import { GatewayWatch } from './gateway-watch.service.js';

@Controller('gateways')
export class GatewaysController {
  constructor(
    private readonly gateways: GatewayDoor,
    private readonly watch: GatewayWatch,
  ) {}

  @RequirePermission('gateways.read')
  @Get()
  list(@AskedBy() asked: Asked): Promise<Answer> {
    return this.gateways.list(asked);
  }

  @RequirePermission('gateways.create')
  @HttpCode(200)
  @Post()
  create(@JsonBody(NEW_GATEWAY) body: NewGatewayBody, @AskedBy() asked: Asked): Promise<Answer> {
    return this.gateways.create(body, asked);
  }

  @RequirePermission('gateways.read')
  @Get(':id')
  get(@Param('id') id: string, @AskedBy() asked: Asked): Promise<Answer> {
    return this.watch.detail(id, asked);
  }

  @RequirePermission('gateways.update')
  @Put(':id')
  put(
    @Param('id') id: string,
    @JsonBody(GATEWAY_PATCH) body: GatewayBody,
    @AskedBy() asked: Asked,
  ): Promise<Answer> {
    return this.gateways.update(id, body, asked);
  }

  @RequirePermission('gateways.update')
  @Patch(':id')
  patch(
    @Param('id') id: string,
    @JsonBody(GATEWAY_PATCH) body: GatewayBody,
    @AskedBy() asked: Asked,
  ): Promise<Answer> {
    return this.gateways.update(id, body, asked);
  }

  @RequirePermission('gateways.delete')
  @Delete(':id')
  delete(@Param('id') id: string, @AskedBy() asked: Asked): Promise<View> {
    return this.gateways.delete(id, asked);
  }

  @RequirePermission('gateways.update')
  @HttpCode(200)
  @Post([':id/state', ':id/toggle'])
  state(
    @Param('id') id: string,
    @WantedState() enabled: boolean,
    @AskedBy() asked: Asked,
  ): Promise<Answer> {
    return this.gateways.setState(id, enabled, asked);
  }

  @RequirePermission('gateways.read')
  @Get(':id/health')
  health(@Param('id') id: string, @AskedBy() asked: Asked): Promise<View> {
    return this.watch.health(id, asked);
  }

  @RequirePermission('gateways.update')
  @HttpCode(200)
  @Post([':id/tools/refresh', ':id/refresh'])
  refresh(@Param('id') id: string, @AskedBy() asked: Asked): Promise<RefreshResult> {
    return this.watch.refresh(id, asked);
  }
}
