; Inno Setup 6: the installer for Windows. packaging/build.ps1 calls it with
;   /DVersion=1.2.3 /DBundle=folder of the program /DOut=folder of the result /DIcon=captioner.ico
;
; It installs for one user, without an administrator. Silently:
;   captioner-setup.exe /VERYSILENT /SUPPRESSMSGBOXES /TASKS="autostart"
; A silent removal keeps what is the user's: settings, transcripts and logs.

#ifndef Version
  #error Call packaging/build.ps1: it says which version and which folder.
#endif

[Setup]
AppId={{5F0B8C1E-93C4-4B7A-9E0C-6E6F2B7D41A5}
AppName=Captioner
AppVersion={#Version}
AppVerName=Captioner {#Version}
AppPublisher=Captioner contributors
VersionInfoVersion={#Version}
DefaultDirName={autopf}\Captioner
DefaultGroupName=Captioner
DisableProgramGroupPage=yes
DisableDirPage=auto
LicenseFile={#Bundle}\LICENSE.txt
PrivilegesRequired=lowest
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
MinVersion=10.0.17763
OutputDir={#Out}
OutputBaseFilename=captioner-{#Version}-windows-x64-setup
SetupIconFile={#Icon}
UninstallDisplayIcon={app}\captioner-window.exe
Compression=lzma2/max
SolidCompression=yes
WizardStyle=modern
CloseApplications=yes
RestartApplications=no

[Languages]
Name: "en"; MessagesFile: "compiler:Default.isl"
Name: "de"; MessagesFile: "compiler:Languages\German.isl"

[CustomMessages]
en.Autostart=Start Captioner when I log in
de.Autostart=Captioner bei der Anmeldung starten
en.RemoveYours=Shall your settings, transcripts and logs be removed too?%n%n%1%n%nThey cannot be had back. Keys in the credential store of Windows stay there.
de.RemoveYours=Sollen auch Ihre Einstellungen, Mitschriften und Protokolle entfernt werden?%n%n%1%n%nSie sind dann nicht wiederzubekommen. Schlüssel im Anmeldeinformationsspeicher von Windows bleiben dort.

[Tasks]
Name: "autostart"; Description: "{cm:Autostart}"; Flags: unchecked
Name: "desktopicon"; Description: "{cm:CreateDesktopIcon}"; Flags: unchecked

[InstallDelete]
; Files of an earlier version that this one does not have any more.
Type: filesandordirs; Name: "{app}\_internal"

[Files]
Source: "{#Bundle}\*"; DestDir: "{app}"; Flags: recursesubdirs createallsubdirs ignoreversion

[Icons]
Name: "{autoprograms}\Captioner"; Filename: "{app}\captioner-window.exe"; Parameters: "gui"; WorkingDir: "{userdocs}"
Name: "{autodesktop}\Captioner"; Filename: "{app}\captioner-window.exe"; Parameters: "gui"; WorkingDir: "{userdocs}"; Tasks: desktopicon

[Registry]
; The value that the program's own switch writes and reads (captioner/gui/desktop/windows_autostart.py).
Root: HKCU; Subkey: "Software\Microsoft\Windows\CurrentVersion\Run"; ValueType: string; ValueName: "captioner"; ValueData: """{app}\captioner-window.exe"" gui"; Tasks: autostart
Root: HKCU; Subkey: "Software\Microsoft\Windows\CurrentVersion\Run"; ValueType: none; ValueName: "captioner"; Flags: dontcreatekey uninsdeletevalue

[Run]
Filename: "{app}\captioner-window.exe"; Parameters: "gui"; Description: "{cm:LaunchProgram,Captioner}"; Flags: nowait postinstall skipifsilent

[UninstallRun]
Filename: "{app}\captioner.exe"; Parameters: "quit"; Flags: runhidden; RunOnceId: "QuitCaptioner"

[Code]
{ A window that runs is asked to end in order, so that its last words are kept. }
function PrepareToInstall(var NeedsRestart: Boolean): String;
var
  Status: Integer;
begin
  if FileExists(ExpandConstant('{app}\captioner.exe')) then
    Exec(ExpandConstant('{app}\captioner.exe'), 'quit', '', SW_HIDE, ewWaitUntilTerminated, Status);
  Result := '';
end;

{ What is the user's goes only when the user says so: never silently, and No is the default. }
procedure CurUninstallStepChanged(Step: TUninstallStep);
var
  Yours: String;
begin
  Yours := ExpandConstant('{localappdata}\captioner');
  if (Step = usPostUninstall) and DirExists(Yours) and not UninstallSilent then
    if MsgBox(FmtMessage(CustomMessage('RemoveYours'), [Yours]), mbConfirmation, MB_YESNO or MB_DEFBUTTON2) = IDYES then
      DelTree(Yours, True, True, True);
end;
