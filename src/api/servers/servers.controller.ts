import { Controller, Delete, Get, HttpCode, Param, Patch, Post, Put } from '@nestjs/common';
import { RequirePermission } from '../../auth/permission.decorator.js';
import type { Answer } from '../answer.js';
import { type Asked, AskedBy, WantedState } from '../asked.decorator.js';
import { JsonBody } from '../body/json-body.decorator.js';
import type { View } from '../../registry/views/common-view.js';
import { NEW_SERVER, type NewServerBody, SERVER_PATCH, type ServerBody } from './server-body.js';
import { ServerDoor } from './server-door.service.js';
import { ServerItems } from './server-items.service.js';

@Controller('servers')
export class ServersController {
  constructor(
    private readonly servers: ServerDoor,
    private readonly items: ServerItems,
  ) {}

  @RequirePermission('servers.read')
  @Get()
  list(@AskedBy() asked: Asked): Answer {
    return this.servers.list(asked);
  }

  @RequirePermission('servers.create')
  @HttpCode(201)
  @Post()
  create(@JsonBody(NEW_SERVER) body: NewServerBody, @AskedBy() asked: Asked): Promise<Answer> {
    return this.servers.create(body, asked);
  }

  @RequirePermission('servers.read')
  @Get(':id')
  get(@Param('id') id: string, @AskedBy() asked: Asked): Answer {
    return this.servers.get(id, asked);
  }

  @RequirePermission('servers.update')
  @Put(':id')
  put(
    @Param('id') id: string,
    @JsonBody(SERVER_PATCH) body: ServerBody,
    @AskedBy() asked: Asked,
  ): Promise<Answer> {
    return this.servers.update(id, body, asked);
  }

  @RequirePermission('servers.update')
  @Patch(':id')
  patch(
    @Param('id') id: string,
    @JsonBody(SERVER_PATCH) body: ServerBody,
    @AskedBy() asked: Asked,
  ): Promise<Answer> {
    return this.servers.update(id, body, asked);
  }

  @RequirePermission('servers.delete')
  @Delete(':id')
  delete(@Param('id') id: string, @AskedBy() asked: Asked): Promise<View> {
    return this.servers.delete(id, asked);
  }

  @RequirePermission('servers.update')
  @HttpCode(200)
  @Post([':id/state', ':id/toggle'])
  state(
    @Param('id') id: string,
    @WantedState() enabled: boolean,
    @AskedBy() asked: Asked,
  ): Promise<Answer> {
    return this.servers.setState(id, enabled, asked);
  }

  @RequirePermission('servers.read')
  @Get(':id/connect')
  connect(@Param('id') id: string, @AskedBy() asked: Asked): View {
    return this.servers.connect(id, asked);
  }

  @RequirePermission('servers.read')
  @Get(':id/tools')
  tools(@Param('id') id: string, @AskedBy() asked: Asked): View[] {
    return this.items.tools(id, asked);
  }

  @RequirePermission('servers.read')
  @Get(':id/resources')
  resources(@Param('id') id: string, @AskedBy() asked: Asked): View[] {
    return this.items.resources(id, asked);
  }

  @RequirePermission('servers.read')
  @Get(':id/prompts')
  prompts(@Param('id') id: string, @AskedBy() asked: Asked): View[] {
    return this.items.prompts(id, asked);
  }
}
