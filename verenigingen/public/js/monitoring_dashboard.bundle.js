import { start } from "./dashboard/page.js";

const root = document.getElementById("monitoring-dashboard");
if (root) start(root);
