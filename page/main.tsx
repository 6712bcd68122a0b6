import { render } from 'preact';
import { App } from './app.tsx';
import 'uplot/dist/uPlot.min.css';
// In the order of the cascade.
import './style/base.css';
import './style/inputs.css';
import './style/parts.css';
import './style/run_list.css';
import './style/run_page.css';
import './style/curves.css';
import './style/samples.css';
import './style/settings.css';
import './style/health.css';
import './style/latents.css';

render(<App />, document.getElementById('page') as HTMLElement);
