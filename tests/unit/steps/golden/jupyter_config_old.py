c.ServerApp.ip = '0.0.0.0'
c.ServerApp.port = 8888
c.NotebookApp.open_browser = False

# 0.5.1版本前创建的容器还使用/ 作为root dir
import os
c.ServerApp.root_dir = "/root"
c.MultiKernelManager.default_kernel_name = 'python3'
c.NotebookNotary.db_file = ':memory:'
c.ServerApp.tornado_settings = {
    'headers': {
        'Content-Security-Policy': "frame-ancestors * 'self' "
    }
}
c.NotebookApp.allow_remote_access = True
c.NotebookApp.base_url='/jupyter/'
c.NotebookApp.allow_origin='*'

c.ServerApp.allow_remote_access = True
c.ServerApp.base_url='/jupyter/'
c.ServerApp.allow_origin='*'

c.NotebookApp.allow_remote_access = True
c.NotebookApp.iopub_data_rate_limit = 1000000.0
c.NotebookApp.rate_limit_window = 3.0

c.NotebookApp.allow_remote_access = True
c.NotebookApp.iopub_data_rate_limit = 1000000.0
c.NotebookApp.rate_limit_window = 3.0
# >>> bootsman jupyter >>>
c.ServerApp.open_browser = c.NotebookApp.open_browser
c.ZMQChannelsWebsocketConnection.iopub_data_rate_limit = c.NotebookApp.iopub_data_rate_limit
c.ZMQChannelsWebsocketConnection.rate_limit_window = c.NotebookApp.rate_limit_window
try:
    with open('/var/lib/bootsman/jupyter-token') as token_file:
        token = token_file.read().strip()
    try:
        import jupyter_server.auth.identity
        c.IdentityProvider.token = token
    except ImportError:
        c.ServerApp.token = token
except OSError:
    pass
# <<< bootsman jupyter <<<
