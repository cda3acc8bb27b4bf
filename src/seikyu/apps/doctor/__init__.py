"""The doctor (`seikyu doctor`): why a PC does not reach the claims network, what to do, and whom to call.

Probes look and change nothing; `seikyu.lines.diagnosis` judges what they saw. All of it needs the standard library and
`seikyu.lines` alone, because the same code runs as one file on a PC that has no Internet and nothing installed.

Probes lie in four folders: `pc` asks the PC itself, `line` whatever answers over the line, `pppoe` dials, and `folder`
looks into the client's own folder. What is here is the frame that runs them, and the face.
"""
