import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { RequirePermission } from '../../auth/permission.decorator.js';
import type { Answer } from '../answer.js';
import { type Asked, AskedBy, WantedState } from '../asked.decorator.js';
import { PromptDoor } from './prompt-door.service.js';

@Controller('prompts')
export class PromptsController {
  constructor(private readonly prompts: PromptDoor) {}

  @RequirePermission('prompts.read')
  @Get()
  list(@AskedBy() asked: Asked): Answer {
    return this.prompts.list(asked);
  }

  @RequirePermission('prompts.read')
  @Get(':id')
  get(@Param('id') id: string, @AskedBy() asked: Asked): Answer {
    return this.prompts.get(id, asked);
  }

  @RequirePermission('prompts.update')
  @HttpCode(200)
  @Post([':id/state', ':id/toggle'])
  state(
    @Param('id') id: string,
    @WantedState() enabled: boolean,
    @AskedBy() asked: Asked,
  ): Promise<Answer> {
    return this.prompts.setState(id, enabled, asked);
  }
}
