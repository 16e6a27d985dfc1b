// Live: who is in the shop now, and who was.

import { html, mount } from "../html.js";
import { Messages } from "../parts.js";
import { Counts } from "./counts.js";
import { Course } from "./course.js";
import { Head, Line } from "./head.js";
import { People } from "./people.js";
import { begin } from "./state.js";

mount(
  () => html`
    <${Head} />
    <${Line} />
    <div class="live-top"><${Counts} /><${Course} /></div>
    <${People} /><${Messages} />`,
);
begin();
